import Contract
import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// Runs programs of the live machine.
///
/// Output goes to unlinked files, not pipes: a daemon that a program leaves behind (nvidia-persistenced, systemd units
/// started by a package) keeps a pipe open and would make the reader wait for ever.
public struct SubprocessCommandRunner: CommandRunner {
    /// A runner.
    public init() {}

    public func run(_ command: Command) async throws -> CommandResult {
        if StopRequest.isMade { return CommandResult(.stopped) }
        guard let program = Self.locate(command) else {
            return CommandResult(.notFound, errors: "\(command.arguments.first ?? ""): not found")
        }
        do {
            return try await run(command, program: program)
        } catch {
            throw Failure.guest(
                .commandFailed, "run \(command.line)", "The program could not be started: \(describe(error)).",
                remedy: "Look at memory, disk space and process limits of the guest.", retryable: true)
        }
    }

    private func run(_ command: Command, program: String) async throws -> CommandResult {
        let input = try Self.scratch()
        defer { try? input.close() }
        try input.writeAll(Array((command.input ?? "").utf8))
        try input.seek(offset: 0, from: .start)
        let output = try Self.scratch()
        defer { try? output.close() }
        let errors = command.mergesErrors ? output : try Self.scratch()
        defer { if !command.mergesErrors { try? errors.close() } }

        var options = PlatformOptions()
        options.processGroupID = 0  // a group of its own, so that a deadline reaches the compilers it started
        let environment = Command.baseEnvironment.merging(command.environment) { $1 }
        let configuration = Configuration(
            executable: .path(FilePath(program)), arguments: Arguments(Array(command.arguments.dropFirst())),
            environment: .custom(
                Dictionary(
                    uniqueKeysWithValues: environment.compactMap { key, value in
                        Environment.Key(rawValue: key).map { ($0, value) }
                    })),
            workingDirectory: FilePath(command.directory), platformOptions: options)

        let group = ProcessGroup()
        let watching = Task { await group.watch(command) }
        defer { watching.cancel() }
        let status = try await Subprocess.run(
            configuration,
            input: .fileDescriptor(input, closeAfterSpawningProcess: false),
            output: .fileDescriptor(output, closeAfterSpawningProcess: false),
            error: .fileDescriptor(errors, closeAfterSpawningProcess: false)
        ) { execution in
            group.started(execution.processIdentifier.value)
        }.terminationStatus
        group.ended()
        command.whileRunning?()

        let (text, truncated) = try Self.tail(output, limit: command.outputLimit)
        let errorText = command.mergesErrors ? "" : try Self.tail(errors, limit: command.outputLimit).text
        let ending: CommandResult.Ending =
            switch (group.cause, status) {
            case (.deadline?, _): .timedOut
            case (.stop?, _): .stopped
            case (nil, .exited(let code)): .exited(code)
            case (nil, .signaled(let signal)): .signalled(signal)
            }
        return CommandResult(ending, output: text, errors: errorText, truncated: truncated)
    }

    private static func locate(_ command: Command) -> String? {
        guard let name = command.arguments.first else { return nil }
        if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
        let path = (command.environment["PATH"] ?? "").split(separator: ":").map { String($0) } + Command.searchPath
        return path.lazy.map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
    }

    /// A file without a name. /run is memory: output survives a full disk, and says so.
    private static func scratch() throws -> FileDescriptor {
        for folder in ["/run", "/tmp"] {
            let name = FilePath("\(folder)/gpu-guest-agent-\(UInt64.random(in: .min ... .max))")
            let file = try? FileDescriptor.open(
                name, .readWrite, options: [.create, .exclusiveCreate, .append, .closeOnExec],
                permissions: [.ownerRead, .ownerWrite])
            guard let file else { continue }
            unlink(name.string)
            return file
        }
        throw Errno(rawValue: errno)
    }

    private static func tail(_ file: FileDescriptor, limit: Int) throws -> (text: String, truncated: Bool) {
        let size = try file.seek(offset: 0, from: .end)
        let start = max(0, size - Int64(limit))
        try file.seek(offset: start, from: .start)
        return (String(decoding: try file.readAll(limit: limit), as: UTF8.self), start > 0)
    }
}

/// One running program with its children, and why it was killed where it was.
private final class ProcessGroup: Sendable {
    enum Cause { case deadline, stop }

    private struct State {
        var leader: pid_t?
        var cause: Cause?
    }

    private let state = Mutex(State())

    var cause: Cause? { state.withLock { $0.cause } }

    func started(_ leader: pid_t) {
        state.withLock { $0.leader = leader }
    }

    /// The leader is reaped: its number may belong to another process from now on.
    func ended() {
        state.withLock { $0.leader = nil }
    }

    func watch(_ command: Command) async {
        let end = ContinuousClock.now + command.deadline
        var killAt: ContinuousClock.Instant?
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(400))
            if Task.isCancelled { return }
            command.whileRunning?()
            let now = ContinuousClock.now
            if let kill = killAt {
                if now >= kill { signal(SIGKILL) }
            } else if now >= end {
                killAt = terminate(.deadline, now)
            } else if StopRequest.isMade {
                killAt = terminate(.stop, now)
            }
        }
    }

    private func terminate(_ cause: Cause, _ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        state.withLock { $0.cause = cause }
        signal(SIGTERM)
        return now + Command.grace
    }

    private func signal(_ number: CInt) {
        state.withLock { if let leader = $0.leader { _ = kill(-leader, number) } }
    }
}
