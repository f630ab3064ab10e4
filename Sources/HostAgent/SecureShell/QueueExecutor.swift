import Dispatch

/// Runs an actor on a thread of its own.
///
/// SSH operations wait in `poll`. On Swift's cooperative pool, which has a thread per core, two of them would stop the
/// whole program of a two-core machine; a serial queue of Dispatch brings its own thread.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// A place for blocking work that belongs to no connection yet: looking for a banner, connecting, logging in.
actor BlockingRoom {
    private let executor: QueueExecutor
    private let interrupt: Interrupt

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(executor: QueueExecutor, interrupt: Interrupt = Interrupt()) {
        self.executor = executor
        self.interrupt = interrupt
    }

    /// Runs `body` on the queue; cancelling the task wakes its waits.
    nonisolated func perform<Value>(
        _ body: @Sendable (Interrupt) throws -> sending Value
    ) async throws -> sending Value {
        try await withTaskCancellationHandler {
            try await run(body)
        } onCancel: {
            interrupt.wake()
        }
    }

    /// The actor's own, and not in a closure: one that does not use the actor would wait on Swift's pool.
    private func run<Value>(_ body: @Sendable (Interrupt) throws -> sending Value) throws -> sending Value {
        try body(interrupt)
    }
}
