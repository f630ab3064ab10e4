import Contract
public import Guest

/// The agent's own place in the guest: binary and systemd unit. Idempotent; the host may run it at every connection.
public struct AgentInstallation: Sendable {
    /// Where the binary lives. Not a home and not /tmp: SELinux refuses to start a service from there (203/EXEC).
    public static let program = "/usr/local/libexec/gpu-guest-agent"
    /// The unit's name and file.
    public static let unit = "gpu-guest-agent.service"
    public static let unitFile = "/etc/systemd/system/" + unit

    /// Keys that systemd 219 knows. `Type=simple`: a oneshot could deadlock with an installer's own `systemctl start`.
    /// `KillMode=mixed`: SIGTERM goes to the agent alone, which ends its installer and says so in the journal.
    static let unitText = """
        [Unit]
        Description=Make this machine a GPU machine (continues an unfinished plan)
        After=local-fs.target network.target
        ConditionPathExists=\(StateFolder.journal)

        [Service]
        Type=simple
        ExecStart=\(program) resume
        Restart=no
        KillMode=mixed
        TimeoutStopSec=30

        [Install]
        WantedBy=multi-user.target

        """

    private let guest: Guest

    /// The installation in `guest`.
    public init(_ guest: Guest) {
        self.guest = guest
    }

    /// Copies the program `source`, the running one unless told, into place and writes the unit, both only where they
    /// differ. Returns what was changed, empty for nothing.
    public func install(from source: String? = nil) async throws -> [String] {
        var changes: [String] = []
        // Read here: in a child process the link would name the child.
        let source = source ?? guest.root.linkTarget("/proc/self/exe") ?? Self.program
        // Two digests of 16 MiB cost seconds under emulation; the program in its place need not be compared.
        if try await differs(source, from: Self.program) {
            try guest.root.createDirectory("/usr/local/libexec")
            // Written beside and renamed: the running agent keeps its old file.
            let new = Self.program + ".new"
            let command = Command(["install", "-m", "0755", guest.root.real(source), guest.root.real(new)])
            let result = try await guest.runner.run(command)
            guard result.succeeded else {
                throw Failure.command(
                    command, result, code: .agentInstall, operation: "install the agent",
                    remedy: "Look at the disk space of /usr/local in the guest.")
            }
            try guest.root.move(new, to: Self.program)
            // Where there is no SELinux there is no restorecon, and nothing to restore.
            _ = try await guest.runner.run(Command(["restorecon", Self.program]))
            changes.append(Self.program)
            // Its sampler is the old program until then.
            if TelemetryUnit.isInstalled(guest.root) { try await systemctl("try-restart", TelemetryUnit.name) }
        }
        if guest.root.textIfReadable(Self.unitFile) != Self.unitText {
            try guest.root.write(Self.unitText, to: Self.unitFile)
            _ = try await guest.runner.run(Command(["restorecon", Self.unitFile]))
            try await systemctl("daemon-reload")
            changes.append(Self.unitFile)
        }
        try StateFolder(guest.root).create()
        return changes
    }

    /// Lets the unit start in each boot, until ``disable()``.
    public func enable() async throws {
        try await systemctl("enable", "--quiet", Self.unit)
    }

    /// The unit starts no more.
    public func disable() async throws {
        try await systemctl("disable", "--quiet", Self.unit)
    }

    /// Starts the unit now; no change where it runs.
    public func start() async throws {
        // A unit that failed a moment ago may be rate-limited; this run is asked for by a person.
        _ = try await guest.runner.run(Command(["systemctl", "reset-failed", Self.unit]))
        try await systemctl("start", Self.unit)
    }

    private func systemctl(_ arguments: String...) async throws {
        let command = Command(["systemctl"] + arguments, deadline: .seconds(120))
        let result = try await guest.runner.run(command)
        guard result.succeeded else {
            throw Failure.command(
                command, result, code: .agentInstall, operation: "set up the agent's unit",
                remedy: "Look at `systemctl status \(Self.unit)` in the guest.")
        }
    }

    private func differs(_ path: String, from other: String) async throws -> Bool {
        if path == other { return false }
        guard guest.root.exists(other), guest.root.size(path) == guest.root.size(other) else { return true }
        return try await !guest.runner.run(Command(["cmp", "-s", guest.root.real(path), guest.root.real(other)]))
            .succeeded
    }
}
