import Contract
import VirtualMachines

/// Watches what may end a wait other than what is waited for: QEMU's exit and trouble on the serial console (rule 5).
struct GuestWatch: Sendable {
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
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
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
