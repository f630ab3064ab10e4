import Contract
public import Guest

/// Replays the journal from a record on, then tails it to its end.
public struct JournalFollower: Sendable {
    /// How following ended.
    public enum Ending: Equatable, Sendable {
        /// The `finished` record was passed on.
        case finished
        /// No process runs the unfinished journal.
        case agentGone
        /// There is no journal.
        case noJournal
    }

    /// Effects and waits, which tests replace.
    public struct Timing: Sendable {
        /// Between looks at the file. Polling a size costs less than the inotify that would save it, and works on every
        /// file system.
        public var poll = Duration.milliseconds(200)
        /// Between heartbeats.
        public var heartbeat = Duration.seconds(5)
        /// How long the lock may be free before the agent counts as gone: its unit takes a moment to start.
        public var grace = Duration.seconds(15)
        /// The same, in the first minutes of a boot in which the agent has not been seen yet: sshd may answer long before
        /// the agent's unit starts.
        public var bootGrace = Duration.seconds(180)

        /// The usual waits.
        public init() {}
    }

    private let guest: Guest
    private let timing: Timing
    private let write: @Sendable (String) throws -> Void

    /// A follower that hands each line, without its newline, to `write`; an empty line is a heartbeat.
    public init(_ guest: Guest, timing: Timing = Timing(), write: @escaping @Sendable (String) throws -> Void) {
        self.guest = guest
        self.timing = timing
        self.write = write
    }

    /// Follows records with a number above `seq`.
    public func follow(after seq: Int) async throws -> Ending {
        guard var reader = try? JournalReader(guest.root) else { return .noJournal }
        defer { reader.close() }
        let clock = ContinuousClock()
        var lastSaid = clock.now
        var aliveAt = clock.now
        let boot = guest.bootID
        // Once its unit has started in this boot, an agent that is not there has ended.
        var seen = false
        while true {
            while let (record, line) = try reader.next() {
                if record.seq > seq {
                    try write(line)
                    lastSaid = clock.now
                }
                if case .finished = record.event { return .finished }
                if case .agentStarted = record.event, record.boot == boot { seen = true }
                aliveAt = clock.now
            }
            if RunLock.isTaken(guest.root) { aliveAt = clock.now }
            let grace = !seen && uptime < timing.bootGrace ? timing.bootGrace : timing.grace
            if clock.now - aliveAt >= grace { return .agentGone }
            if clock.now - lastSaid >= timing.heartbeat {
                try write("")
                lastSaid = clock.now
            }
            try await Task.sleep(for: timing.poll)
        }
    }

    private var uptime: Duration {
        let seconds = guest.root.attribute("/proc/uptime")?.words.first.flatMap { Double($0) }
        return .seconds(seconds ?? 86_400)
    }
}
