import Contract
import SecureShell

/// A connection to the guest on which commands run as root: directly, or through sudo.
struct GuestShell: Sendable {
    let connection: SSHConnection
    private let route: UploadRoute

    /// Finds out how this login becomes root. Throws ``FailureCode/sudoRefused``.
    init(_ connection: SSHConnection, sudoPassword: String?) async throws {
        self.connection = connection
        if connection.user == "root" {
            route = .direct
            return
        }
        let plain = try await connection.run("sudo -n true", deadline: .seconds(60))
        if plain.status == 0 {
            route = .sudo
            return
        }
        var seen = plain.stderrText
        if let sudoPassword {
            let asked = UploadRoute.sudo(password: sudoPassword)
            let (command, input) = asked.command(for: "true")
            let answer = try await connection.run(command, input: input, deadline: .seconds(60))
            if answer.status == 0 {
                route = asked
                return
            }
            seen = answer.stderrText
        }
        throw Failure(
            .sudoRefused, operation: "become root in the guest",
            message: "\(connection.user) may not use sudo there.", evidence: [seen],
            remedy: "Log in as root, give the user sudo rights, or the password that sudo asks for (--password-file).",
            side: .guest)
    }

    /// Copies what is missing of a file, as root; see ``SSHConnection/upload(_:via:progress:deadline:)``.
    @discardableResult
    func upload(
        _ upload: ResumableUpload, progress: @escaping @Sendable (Int64, Int64) -> Void, deadline: Duration
    ) async throws -> Int64 {
        try await connection.upload(upload, via: route, progress: progress, deadline: deadline)
    }

    /// What of it is there, as root sees it.
    func standing(of upload: ResumableUpload, deadline: Duration) async throws -> ResumableUpload.Standing {
        try await connection.standing(of: upload, via: route, deadline: deadline)
    }

    private func elevated(_ command: String, _ input: [UInt8]?) -> (String, [UInt8]) {
        let (command, answer) = route.command(for: command)
        return (command, answer + (input ?? []))
    }

    /// Runs `command` as root and returns what it printed, whatever its status.
    func attempt(
        _ command: String, input: [UInt8]? = nil, deadline: Duration, outputLimit: Int = 1 << 20
    ) async throws -> SSHConnection.Output {
        let (command, input) = elevated(command, input)
        return try await connection.run(command, input: input, deadline: deadline, outputLimit: outputLimit)
    }

    /// Runs `command` as root; a status other than 0 is a ``Failure`` with `code`.
    @discardableResult
    func run(
        _ command: String, input: [UInt8]? = nil, deadline: Duration, operation: String,
        code: FailureCode = .commandFailed, remedy: String = "Read what the guest said."
    ) async throws -> String {
        let output = try await attempt(command, input: input, deadline: deadline)
        guard output.status == 0 else {
            throw Failure(
                code, operation: operation, message: "A command in the guest ended with status \(output.status).",
                evidence: (["$ \(command.prefix(300))"]
                    + Printable.lines(output.stderrText + "\n" + output.stdoutText).suffix(20)),
                remedy: remedy, side: .guest)
        }
        return output.stdoutText
    }

    /// The lines a command prints as root, while it prints them.
    func lines(of command: String, idleLimit: Duration) -> AsyncThrowingStream<String, any Error> {
        let (command, input) = elevated(command, nil)
        return connection.lines(of: command, input: input, idleLimit: idleLimit, lineLimit: JournalLine.limit)
    }

    /// The boot in which this connection was made.
    func bootID() async throws -> String {
        let output = try await connection.run("cat /proc/sys/kernel/random/boot_id", deadline: .seconds(60))
        return String(Printable.line(output.stdoutText).prefix(64))
    }
}
