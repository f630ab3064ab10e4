import Glibc
import UnixSignals

/// Ctrl-C and friends, for a command that must end in order.
enum Interruption {
    /// Runs `body`; SIGINT or SIGTERM cancels it and lets it clean up, a second one ends the process at once. SIGHUP, a
    /// terminal that went away, ends it at once where the `guestGoesOn`, which the same command takes up again; else it is
    /// like the others.
    static func stopping<Value: Sendable>(
        guestGoesOn: Bool = true, note: String = "Interrupted: switching the guest off. Once more to leave at once.",
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        // nohup ignores SIGHUP for its child, which must stay so.
        var hangUp = sigaction()
        sigaction(SIGHUP, nil, &hangUp)
        let ignored = unsafeBitCast(hangUp.__sigaction_handler.sa_handler, to: Int.self) == 1
        let signals =
            ignored
            ? await UnixSignalsSequence(trapping: .sigint, .sigterm)
            : await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        let work = Task { try await body() }
        let watcher = Task {
            var interrupted = false
            for await signal in signals {
                if signal == .sighup && guestGoesOn { _exit(129) }
                if interrupted { _exit(130) }
                interrupted = true
                Terminal.note(note)
                work.cancel()
            }
        }
        defer { watcher.cancel() }
        return try await work.value
    }
}
