public import Contract

/// How a guest of the fleet stands, from what Slurm says and what its job wrote. Pure.
public enum SlurmGuestState: Equatable, Sendable {
    /// Never submitted, or ended long ago without a word.
    case absent
    /// In the queue. The reason is Slurm's: "Resources", "BeginTime" (after a requeue) …
    case waiting(reason: String)
    /// The job runs, the guest is not up yet.
    case starting(node: String)
    case running(TaskResult)
    /// It is over, in order.
    case ended
    case failed(Failure)
    /// The job is over, and what it wrote is not to be seen yet: shared storage is late.
    case settling

    /// Whether nothing more is to come that ``SlurmEngine/follow(_:tell:)`` waits for.
    public var isSettled: Bool {
        switch self {
        case .absent, .running, .ended, .failed: true
        case .waiting, .starting, .settling: false
        }
    }

    /// - Parameters:
    ///   - queued: Its element; nil where Slurm knows none (any more).
    ///   - result: What its job wrote last.
    ///   - isFinal: Whether a result that is not there now will not come.
    init(guest: String, queued: QueuedTask?, result: TaskResult?, isFinal: Bool) {
        guard let queued else {
            switch result?.state {
            case nil: self = .absent
            case .ended: self = .ended
            case .failed: self = .failed(result?.failure ?? Self.wordless(guest, result?.node ?? ""))
            default: self = isFinal ? .failed(Self.vanished(guest, result?.node ?? "")) : .settling
            }
            return
        }
        // Of another array's job it says nothing about this one.
        let own = result.flatMap { $0.job == queued.element ? $0 : nil }
        // A job that begins again after its node went away has the word of that node still.
        let isThere = own?.node == queued.node
        if queued.state.isWaiting {
            self = .waiting(reason: queued.reason)
        } else if !queued.state.isOver {
            switch own?.state {
            case .running where isThere: self = own.map { .running($0) } ?? .starting(node: queued.node)
            case .failed where queued.state.name == "COMPLETING":
                self = .failed(own?.failure ?? Self.wordless(guest, queued.node))
            case .ended where queued.state.name == "COMPLETING": self = .ended
            default: self = .starting(node: queued.node)
            }
        } else {
            switch own?.state {
            case .ended: self = .ended
            case .failed: self = .failed(own?.failure ?? Self.wordless(guest, queued.node))
            default:
                if queued.state.isOrderly {
                    // Cancelled before it began, or while it was made: nothing is to come.
                    self = queued.state.name == "CANCELLED" || isFinal ? .ended : .settling
                } else {
                    self = isFinal ? .failed(Self.ended(guest, queued)) : .settling
                }
            }
        }
    }

    private static func ended(_ guest: String, _ queued: QueuedTask) -> Failure {
        let (message, remedy, retryable): (String, String, Bool) =
            switch queued.state.name {
            case "TIMEOUT":
                (
                    "reached its time limit and was killed",
                    "Raise `time-limit`, or `grace` if guests are slow to end.",
                    false
                )
            case "OUT_OF_MEMORY":
                ("took more memory than its job has", "Raise `memory-overhead` in the site file.", false)
            case "NODE_FAIL", "BOOT_FAIL":
                ("lost its node \(queued.node)", "Submit it again; Slurm chooses another node.", true)
            case "PREEMPTED": ("had to make room for another job", "Submit it again, or use another QOS.", true)
            default:
                (
                    "ended as \(queued.state.name) without a word", "Read its log in the spool, job-….log.", false
                )
            }
        return Failure(
            .qemuExited, operation: "run \(guest)", message: "The job \(queued.element) of \(guest) \(message).",
            remedy: remedy, retryable: retryable, side: .host)
    }

    private static func vanished(_ guest: String, _ node: String) -> Failure {
        Failure(
            .qemuExited, operation: "run \(guest)",
            message:
                "Slurm knows the job of \(guest) no more, and it had not ended\(node.isEmpty ? "" : ", on \(node)").",
            remedy: "It was killed, or its node went away. Submit it again.", retryable: true, side: .host)
    }

    private static func wordless(_ guest: String, _ node: String) -> Failure {
        Failure(
            .internal, operation: "run \(guest)", message: "The job of \(guest) failed on \(node) without saying why.",
            remedy: "Read its log in the spool, job-….log.", side: .host)
    }
}
