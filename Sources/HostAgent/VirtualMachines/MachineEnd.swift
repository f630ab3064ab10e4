import Contract

/// How a virtual machine ended.
public struct MachineEnd: Equatable, Sendable {
    public enum Cause: Equatable, Sendable {
        /// The guest powered itself off: everything it had to write is written.
        case guestShutdown
        /// The guest's kernel panicked and said so (pvpanic).
        case guestPanicked
        /// QEMU was told to quit, by QMP or by a signal that it handles (SIGTERM, SIGINT, SIGHUP).
        case hostStopped
        /// QEMU was killed: SIGKILL by the out-of-memory killer or a person, SIGSEGV by itself …
        case killed(signal: Int32)
        /// QEMU gave up, with this status.
        case failed(status: Int32)
        /// It is gone, and nobody of ours saw how.
        case unseen
        /// It is not over: the wait was cancelled.
        case waitCancelled
    }

    public var cause: Cause
    /// The last lines of what QEMU said (and of the console, where the guest panicked), without control characters.
    public var logTail: [String]

    public init(cause: Cause, logTail: [String]) {
        self.cause = cause
        self.logTail = logTail
    }

    /// A clause for messages: "the guest powered off".
    public var reason: String {
        switch cause {
        case .guestShutdown: "the guest powered off"
        case .guestPanicked: "the guest's kernel panicked"
        case .hostStopped: "QEMU was told to stop"
        case .killed(9): "QEMU was killed (signal 9; the host may have run out of memory)"
        case .killed(let signal): "QEMU was ended by signal \(signal)"
        case .failed(let status): "QEMU exited with status \(status)"
        case .unseen: "QEMU is gone"
        case .waitCancelled: "the wait was cancelled"
        }
    }

    /// What the last SHUTDOWN event, and the process's end, say together.
    static func cause(_ process: ProcessEnd, shutdown: QMPEvent?) -> Cause {
        if case .signalled(let signal) = process { return .killed(signal: signal) }
        if case .exited(let status) = process, status != 0 { return .failed(status: status) }
        switch shutdown?.data["reason"] {
        case .string("guest-shutdown"): return .guestShutdown
        case .string("guest-panic"): return .guestPanicked
        case nil where process == .unseen: return .unseen
        default: return .hostStopped
        }
    }
}
