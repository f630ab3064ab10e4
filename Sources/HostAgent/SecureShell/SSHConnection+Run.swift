import Contract
import Host

extension SSHConnection {
    /// What a remote command left behind.
    public struct Output: Sendable, Equatable {
        /// The exit status; 128 + n where signal n ended the command, as shells count.
        public var status: Int32
        /// The beginning of standard output.
        public var stdout: [UInt8]
        /// The end of standard error, where the reason of a failure stands.
        public var stderr: [UInt8]
        /// Whether either stream was longer than the limit and lost its rest.
        public var truncated: Bool

        /// ``stdout`` as text; what is not UTF-8 becomes U+FFFD.
        public var stdoutText: String { String(decoding: stdout, as: UTF8.self) }
        /// ``stderr`` as text; what is not UTF-8 becomes U+FFFD.
        public var stderrText: String { String(decoding: stderr, as: UTF8.self) }

        /// An output, for those who stand in for a connection.
        public init(status: Int32, stdout: [UInt8] = [], stderr: [UInt8] = [], truncated: Bool = false) {
            self.status = status
            self.stdout = stdout
            self.stderr = stderr
            self.truncated = truncated
        }
    }

    /// Runs a command and waits for its end. A status other than 0 is no error here.
    ///
    /// As with ssh, the end is that of everything that holds the command's outputs: what it leaves in the background
    /// should write elsewhere.
    ///
    /// - Parameters:
    ///   - command: A command line for the user's login shell, as it stands; ``shellQuote(_:)`` makes words of it.
    ///   - input: Standard input. It ends after this; nil is an empty one.
    ///   - deadline: From now until the end of the command, the time for which other operations hold the connection
    ///     not counted.
    ///   - outputLimit: Bytes kept of each stream. The rest is read and dropped, so that the command goes on.
    /// - Returns: How the command ended and what it wrote.
    /// - Throws: ``Failure`` `deadline` with what was written so far, `ssh.broken`; `CancellationError`.
    public func run(
        _ command: String, input: [UInt8]? = nil, deadline: Duration, outputLimit: Int = 1 << 20
    ) async throws -> Output {
        try await execute(
            "run \(command)", command, input: BytesInput(input ?? []), limit: deadline, outputLimit: outputLimit)
    }

    /// Runs a command whose input may come from elsewhere; `operation` is what failures name.
    func execute(
        _ operation: String, _ command: String, input: any CommandInput, limit: Duration, outputLimit: Int
    ) async throws -> Output {
        let end = ContinuousClock.now + limit
        let named = operation.count > 200 ? String(operation.prefix(200)) + "…" : operation
        return try await withSession(named, limit: limit) { session in
            var output = Output(status: 0)
            var stderrTail = Tail(limit: outputLimit)
            func evidence() -> [String] {
                Tail.lines(of: output.stdout + [UInt8(ascii: "\n")] + stderrTail.bytes, last: 20)
            }
            do {
                let remote = try RemoteCommand(command, input: input, session: session, until: end)
                while true {
                    let step = try remote.step(
                        stdout: { bytes in
                            let kept = bytes.prefix(outputLimit - output.stdout.count)
                            output.stdout += kept
                            if kept.count < bytes.count { output.truncated = true }
                        },
                        stderr: { stderrTail.append($0) })
                    switch step {
                    // A command that never stops writing never blocks.
                    case .progressed where ContinuousClock.now >= end: throw DeadlinePassed()
                    case .progressed: try session.interrupt.check()
                    case .blocked(let directions): try session.wait(directions: directions, until: end)
                    case .ended(let status):
                        output.status = status
                        output.stderr = stderrTail.bytes
                        if stderrTail.lost { output.truncated = true }
                        return output
                    }
                }
            } catch is DeadlinePassed {
                throw Failure.sshDeadline(operation: named, after: limit, evidence: evidence())
            }
        }
    }
}
