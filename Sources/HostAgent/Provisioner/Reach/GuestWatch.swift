import Contract
import VirtualMachines

/// What may end a wait for a machine, other than what is waited for (rule 5).
protocol WaitWatch: Sendable {
    /// Runs `body`; throws instead as soon as the wait has become vain.
    func during<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value
}

/// Watches what may end a wait other than what is waited for: QEMU's exit and trouble on the serial console (rule 5).
struct GuestWatch: WaitWatch {
    let machine: VirtualMachine
    let console: ConsoleWatch

    /// Runs `body`; throws instead as soon as QEMU ends or the console shows that the guest will not come up.
    func during<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await body() }
            group.addTask {
                let end = await machine.ended()
                try Task.checkCancellation()
                throw end.failure(during: operation)
            }
            group.addTask { throw try await console.waitForTrouble() }
            group.addTask { throw try await diskTrouble(operation) }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}

extension GuestWatch {
    /// Waits for QEMU to report that a write of the guest failed; with no space left on the host it pauses the guest, which
    /// would then be silent for ever. Throws CancellationError only.
    private func diskTrouble(_ operation: String) async throws -> Failure {
        for await event in machine.events() where event.name == "BLOCK_IO_ERROR" {
            return Failure(
                .hostSpace, operation: operation, message: "QEMU could not read or write one of the guest's drives.",
                evidence: event.data.keys.sorted().compactMap { key in
                    if case .string(let text)? = event.data[key] { "\(key): \(text)" } else { nil }
                },
                remedy:
                    "Free some space in the result's folder, look at the files named above, and run the same command again.",
                retryable: true,
                side: .host)
        }
        // No more events: QEMU has ended, which `ended` tells better.
        // This one waits until it is cancelled, however long the work takes.
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}

extension MachineEnd {
    /// The end of a VM that should have lived on.
    func failure(during operation: String) -> Failure {
        Failure(
            .qemuExited, operation: operation, message: "The virtual machine ended: \(reason).", evidence: logTail,
            remedy: "Read QEMU's words above and the console log in the run folder; then run the same command again.",
            retryable: true, side: .host)
    }
}
