import Contract
import Host
import Synchronization

extension SSHConnection {
    /// Runs a command and yields its standard output line by line, empty lines too, without their ends.
    ///
    /// The command starts with the first line asked for, and lines are fetched as they are asked for: a slow reader
    /// slows the command down and piles nothing up. While a line is awaited the connection does nothing else.
    ///
    /// The stream finishes when the command ends with status 0. Letting go of the stream, or cancelling the task that
    /// reads it, closes the channel.
    ///
    /// - Parameters:
    ///   - command: A command line for the user's login shell; see ``shellQuote(_:)``.
    ///   - input: Standard input. It ends after this; nil is an empty one.
    ///   - idleLimit: The longest time, while a line is awaited, in which nothing at all may arrive. A command with
    ///     long pauses should send empty lines.
    ///   - lineLimit: The most bytes of a line.
    /// - Returns: A stream that throws ``Failure``:
    ///   `ssh.broken` (the connection dropped, or nothing arrived within `idleLimit`),
    ///   `guest.protocol` (a line was too long),
    ///   `command.failed` (the exit status and the end of standard error).
    public nonisolated func lines(
        of command: String, input: [UInt8]? = nil, idleLimit: Duration, lineLimit: Int = 1 << 20
    ) -> AsyncThrowingStream<String, any Error> {
        let feed = LineFeed(
            connection: self, command: command, input: input ?? [], idleLimit: idleLimit, lineLimit: lineLimit)
        return AsyncThrowingStream { try await feed.next() }
    }

    fileprivate func nextLine(of feed: LineFeed) async throws -> String? {
        let operation = "follow \(feed.command.prefix(200))"
        do {
            return try await withSession(operation, limit: feed.idleLimit) { session in
                var open =
                    try feeds[feed.id]
                    ?? OpenFeed(
                        remote: RemoteCommand(
                            feed.command, input: BytesInput(feed.input), session: session,
                            until: .now + feed.idleLimit),
                        lines: LineSplitter(limit: feed.lineLimit))
                // Taken out while it works, so that an error leaves a closed channel behind.
                feeds[feed.id] = nil
                let line = try open.next(feed, operation: operation, session: session)
                if line != nil { feeds[feed.id] = open }
                return line
            }
        } catch let failure as Failure where failure.code == .deadline {
            throw Failure.sshBroken(
                endpoint, operation: operation, seen: "nothing arrived for \(wholeSeconds(feed.idleLimit)) s")
        }
    }

    fileprivate func closeFeed(_ id: LineFeed.ID) {
        feeds[id] = nil
    }
}

/// What a stream of lines reads from. When the stream lets go of it, the channel is closed.
final class LineFeed: Sendable {
    /// Names a feed for as long as the process runs, unlike an address.
    struct ID: Hashable {
        private let number: UInt64
        private static let last = Mutex<UInt64>(0)

        init() {
            number = Self.last.withLock { last in
                last += 1
                return last
            }
        }
    }

    let id = ID()
    let command: String
    let input: [UInt8]
    let idleLimit: Duration
    let lineLimit: Int
    private let connection: SSHConnection

    init(connection: SSHConnection, command: String, input: [UInt8], idleLimit: Duration, lineLimit: Int) {
        self.connection = connection
        self.command = command
        self.input = input
        self.idleLimit = idleLimit
        self.lineLimit = lineLimit
    }

    deinit {
        Task { [connection, id] in await connection.closeFeed(id) }
    }

    func next() async throws -> String? {
        try await connection.nextLine(of: self)
    }
}

/// A feed whose command runs.
struct OpenFeed {
    let remote: RemoteCommand
    var lines: LineSplitter
    var stderr = Tail(limit: 8 << 10)

    /// Waits for the next line; nil when the command has ended well.
    mutating func next(_ feed: LineFeed, operation: String, session: Session) throws -> String? {
        var heard = ContinuousClock.now
        while true {
            try session.interrupt.check()
            if let line = try lines.next(operation: operation) { return line }
            let step = try remote.step(
                stdout: { bytes in
                    heard = .now
                    lines.append(bytes)
                },
                stderr: { bytes in
                    heard = .now
                    stderr.append(bytes)
                })
            switch step {
            case .progressed: continue
            case .blocked(let directions): try session.wait(directions: directions, until: heard + feed.idleLimit)
            case .ended(status: 0): return lines.rest()
            case .ended(let status):
                // A last line that was written in front of the failure is still a line; the failure comes next, since
                // an ended command steps to the same end again.
                if let line = lines.rest() { return line }
                throw Failure(
                    .commandFailed, operation: operation, message: "The command ended with status \(status).",
                    evidence: Tail.lines(of: stderr.bytes, last: 20),
                    remedy: "See what the command wrote; a status above 128 means that signal (status - 128) ended it.",
                    side: .guest)
            }
        }
    }
}

/// Cuts a stream of bytes into lines of bounded length.
struct LineSplitter {
    private let limit: Int
    private var buffer: [UInt8] = []
    /// Where the first line that was not handed out begins.
    private var start = 0
    /// Up to where `buffer` is known to hold no end of that line.
    private var searched = 0

    init(limit: Int) {
        self.limit = limit
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if start > 0 {
            buffer.removeFirst(start)
            searched -= start
            start = 0
        }
        buffer += bytes
    }

    /// The next complete line; nil where there is none yet.
    mutating func next(operation: String) throws -> String? {
        let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n"))
        guard (end ?? buffer.count) - start <= limit else {
            throw Failure(
                .guestTalkedNonsense, operation: operation, message: "A line of more than \(limit) bytes arrived.",
                evidence: [String(decoding: buffer[start...].prefix(200), as: UTF8.self) + "…"],
                remedy: "Look at what the command writes: it is not what this tool expects.", side: .guest)
        }
        guard let end else {
            searched = buffer.count
            return nil
        }
        let line = String(decoding: buffer[start..<end], as: UTF8.self)
        start = end + 1
        searched = start
        return line
    }

    /// What follows the last line end, where that is anything.
    mutating func rest() -> String? {
        guard start < buffer.count else { return nil }
        defer {
            start = buffer.count
            searched = start
        }
        return String(decoding: buffer[start...], as: UTF8.self)
    }
}
