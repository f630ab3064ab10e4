import Contract
import Passthrough
public import Provisioner
public import VirtualMachines

/// `start` without `--detach`: stays with the VM until it ends.
extension Starting.Started {
    /// Waits for QEMU's end and tells of trouble on the console meanwhile, once. Cancelled, it shuts the guest down.
    ///
    /// - Returns: How it ended. Its cards are back then.
    /// - Throws: A ``Failure`` for an end that was no shutdown: killed, given up, panicked.
    public func stay(
        grace: Duration, state: String, progress: @escaping @Sendable (Progress) -> Void
    ) async throws -> MachineEnd {
        let home = MachineHome(state: state, name: stored.name)
        let machine = machine
        let console = Task {
            guard let trouble = try? await machine.console.waitForTrouble() else { return }
            progress(.warning("\(trouble.message) \(trouble.remedy)"))
        }
        defer { console.cancel() }
        var end = await machine.ended()
        if end.cause == .waitCancelled {
            // In a task that is not cancelled.
            end = try await Task.detached {
                if let ended = try await machine.pressPowerButton(grace: grace) { return ended }
                progress(.warning("The guest did not power off within \(grace); it is stopped by force."))
                try await machine.quit()
                return await machine.ended()
            }.value
        }
        if !end.isCrash { home.settle() }
        let problems = await cards.giveBack().failures.map(\.message)
        for problem in problems { progress(.warning(problem)) }
        guard end.isCrash else { return end }
        throw Failure(
            end.cause == .guestPanicked ? .guestPanicked : .qemuExited, operation: "run the VM \(home.name)",
            message: "The VM \(home.name) ended: \(end.reason).", evidence: end.logTail,
            remedy: "Read QEMU's words above, and the console with `provision-gpu-vm logs \(home.name)`.",
            retryable: true, side: .host, cleanup: problems)
    }
}

extension MachineEnd {
    /// Whether it was no orderly end.
    var isCrash: Bool {
        switch cause {
        case .guestShutdown, .hostStopped, .unseen, .waitCancelled: false
        case .guestPanicked, .killed, .failed: true
        }
    }
}
