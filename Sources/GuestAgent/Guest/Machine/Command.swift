public import Contract

/// A program to run: argument vector, never a shell line.
public struct Command: Sendable {
    /// The program (a name is looked up in ``searchPath``, a path is taken as it is) and its arguments.
    public var arguments: [String]
    /// Added to ``baseEnvironment``.
    public var environment: [String: String]
    /// Working directory; "/" unless told.
    public var directory: String
    /// Text on standard input; /dev/null without.
    public var input: String?
    /// After this long the process group gets SIGTERM, and SIGKILL ``grace`` later.
    public var deadline: Duration
    /// Bytes kept of each stream; the end of it, where it was longer.
    public var outputLimit: Int
    /// Standard error goes into standard output, in the order in which it was written.
    public var mergesErrors: Bool
    /// Called about twice a second while the program runs: to follow a log.
    public var whileRunning: (@Sendable () -> Void)?

    /// A program with its arguments.
    public init(
        _ arguments: [String], environment: [String: String] = [:], directory: String = "/", input: String? = nil,
        deadline: Duration = .seconds(60), outputLimit: Int = ToolOutput.limit, mergesErrors: Bool = false,
        whileRunning: (@Sendable () -> Void)? = nil
    ) {
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.input = input
        self.deadline = deadline
        self.outputLimit = outputLimit
        self.mergesErrors = mergesErrors
        self.whileRunning = whileRunning
    }

    /// Between SIGTERM and SIGKILL.
    public static let grace = Duration.seconds(5)

    /// Where programs are looked for. systemd's default for services lacks nothing of it, sudo's `secure_path` may.
    public static let searchPath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    /// The whole environment of each program: what the agent was started with must not change what it does, and texts
    /// that are matched must not be translated.
    public static let baseEnvironment = [
        "PATH": searchPath.joined(separator: ":"), "HOME": "/root", "LANG": "C", "LC_ALL": "C", "TERM": "dumb",
        "DEBIAN_FRONTEND": "noninteractive",
    ]

    /// The command as a person would type it.
    public var line: String {
        arguments.map { $0.contains(where: \.isWhitespace) || $0.isEmpty ? "'\($0)'" : $0 }.joined(separator: " ")
    }
}

extension SystemRoot {
    /// The path of a program in ``Command/searchPath``; nil where it is not installed.
    public func program(_ name: String) -> String? {
        Command.searchPath.lazy.map { "\($0)/\(name)" }.first { exists($0) }
    }
}

/// How a program ended and what it printed.
public struct CommandResult: Equatable, Sendable {
    /// How it ended.
    public enum Ending: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
        /// Killed at its deadline.
        case timedOut
        /// Killed because the agent was told to stop (SIGTERM).
        case stopped
        /// There is no such program.
        case notFound
    }

    public var ending: Ending
    public var output: String
    public var errors: String
    /// The beginning of ``output`` was cut off.
    public var truncated: Bool

    /// A result.
    public init(_ ending: Ending, output: String = "", errors: String = "", truncated: Bool = false) {
        self.ending = ending
        self.output = output
        self.errors = errors
        self.truncated = truncated
    }

    /// Exit status 0.
    public var succeeded: Bool { ending == .exited(0) }

    /// Exit status as a shell would give it: 128 + N for signal N, 127 where there is no such program, 124 at a deadline.
    public var status: Int32 {
        switch ending {
        case .exited(let status): status
        case .signalled(let signal): 128 + signal
        case .timedOut: 124
        case .stopped: 143
        case .notFound: 127
        }
    }

    /// The ending in words, for evidence.
    public var endingDescription: String {
        switch ending {
        case .exited(let status): "exit status \(status)"
        case .signalled(let signal): "ended by signal \(signal)"
        case .timedOut: "stopped at its deadline"
        case .stopped: "stopped together with the agent"
        case .notFound: "no such program"
        }
    }
}

/// Runs programs. The seam between the agent's decisions and the machine.
public protocol CommandRunner: Sendable {
    /// Runs `command` to its end. A program that fails, is missing or takes too long is a result, not an error; thrown is
    /// a ``Failure`` only where nothing could be started at all (no memory, no descriptor).
    func run(_ command: Command) async throws -> CommandResult
}

extension CommandRunner {
    /// Runs a short command.
    public func run(_ arguments: String..., deadline: Duration = .seconds(60)) async throws -> CommandResult {
        try await run(Command(arguments, deadline: deadline))
    }
}

extension ToolOutput {
    /// What `command` printed, for the run's folder.
    public init(name: String, command: Command, result: CommandResult) {
        let text = result.output + (result.errors.isEmpty ? "" : "\n[standard error]\n" + result.errors)
        self.init(
            name: name, source: command.line, exitStatus: result.status, text: text, truncated: result.truncated)
    }
}

extension Failure {
    /// A failure seen in the guest.
    public static func guest(
        _ code: FailureCode, _ operation: String, _ message: String, evidence: [String] = [], remedy: String,
        retryable: Bool = false
    ) -> Failure {
        Failure(
            code, operation: operation, message: message, evidence: evidence, remedy: remedy, retryable: retryable,
            side: .guest)
    }

    /// A command that failed where nothing more is known: its end and its last lines are the evidence.
    public static func command(
        _ command: Command, _ result: CommandResult, code: FailureCode = .commandFailed, operation: String,
        remedy: String
    ) -> Failure {
        let deadline = result.ending == .timedOut
        return .guest(
            deadline ? .deadline : code, operation,
            deadline
                ? "`\(command.line)` did not end within \(command.deadline)."
                : "`\(command.line)` failed: \(result.endingDescription).",
            evidence: (result.output.lines + result.errors.lines).lastLines(20), remedy: remedy, retryable: deadline)
    }
}
