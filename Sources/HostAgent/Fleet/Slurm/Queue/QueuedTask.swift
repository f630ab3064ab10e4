import Contract

/// An array element as `squeue` shows it.
public struct QueuedTask: Equatable, Sendable {
    /// A state as Slurm names it; open, as Slurm's own list has grown.
    public struct State: Hashable, Sendable {
        /// "RUNNING", "PENDING" …
        public var name: String

        public init(_ name: String) {
            self.name = name
        }

        private static let over: Set<String> = [
            "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE",
            "OUT_OF_MEMORY", "REVOKED",
        ]
        private static let waiting: Set<String> = [
            "PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT",
        ]

        /// Whether the job is at its end. What is not known is not: so nothing is submitted beside it.
        public var isOver: Bool { Self.over.contains(name) }
        /// Whether the job has not begun, or is to begin again.
        public var isWaiting: Bool { Self.waiting.contains(name) }
        /// Whether it ended as jobs are to end.
        public var isOrderly: Bool { name == "COMPLETED" || name == "CANCELLED" }
    }

    /// The array's job number.
    public var job: Int
    public var index: Int
    public var state: State
    /// Why it waits: "Resources", "Priority", "BeginTime" …
    public var reason: String
    /// Empty while it waits.
    public var node: String
    /// The job's name.
    public var name: String

    /// As scancel and scontrol take it.
    public var element: String { "\(job)_\(index)" }

    /// The fields that ``list(_:)`` reads; the name comes last, as it is the one that could hold anything.
    static let format = "%F|%K|%T|%r|%N|%j"
    /// More elements than this are not looked at: MaxJobCount of the largest sites.
    static let limit = 2_000_000

    /// What `squeue --noheader --array --format=…` printed. Other jobs, and what cannot be read, are left out.
    static func list(_ output: String) -> [QueuedTask] {
        output.utf8.split(separator: UInt8(ascii: "\n")).prefix(limit).compactMap { line in
            let fields = line.split(separator: UInt8(ascii: "|"), maxSplits: 5, omittingEmptySubsequences: false)
                .map { String($0) ?? "" }
            guard fields.count == 6, let job = Int(fields[0]), let index = Int(fields[1]), job >= 0, index >= 0,
                !fields[2].isEmpty
            else { return nil }
            return QueuedTask(
                job: job, index: index, state: State(Printable.line(fields[2], limit: 40)),
                reason: Printable.line(fields[3], limit: 80), node: Printable.line(fields[4], limit: 80),
                name: Printable.line(fields[5], limit: 200))
        }
    }
}
