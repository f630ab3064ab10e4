import UnixSignals

/// Ctrl-C and friends, for a command that moves cards: they come between two cards, never between two writes.
enum CardSignals {
    /// Runs `body`, which is cancelled by SIGINT, SIGTERM or SIGHUP, and always comes to its end.
    static func betweenCards<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        let work = Task { try await body() }
        let watcher = Task {
            for await _ in signals {
                Terminal.note("Interrupted: putting back what was begun.")
                work.cancel()
            }
        }
        defer { watcher.cancel() }
        return try await work.value
    }
}
