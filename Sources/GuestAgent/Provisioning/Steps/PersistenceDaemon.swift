import Contract
import Guest

/// Enables nvidia-persistenced, which holds the GPUs open so that the driver does not let go of their state between
/// programs. The driver brings the program and no unit.
struct PersistenceDaemon: Step {
    let id = StepID.persistenceDaemon
    let title = "enable nvidia-persistenced"

    static let unit = "nvidia-persistenced.service"
    static let unitPath = "/etc/systemd/system/" + unit
    static let wantedPath = "/etc/systemd/system/multi-user.target.wants/" + unit
    static let program = "/usr/bin/nvidia-persistenced"
    /// The account that NVIDIA's packages make for it.
    private static let user = "nvidia-persistenced"

    /// The unit, in what systemd 219 knows. The daemon forks and writes its process id when the GPUs are open.
    ///
    /// It runs as root unless the guest has the account already: making one would change /etc/passwd, /etc/group and
    /// /etc/shadow, which cannot be put back whole when others have changed them too.
    static func unitText(user: String?) -> String {
        """
        # Written by gpu-guest-agent.
        [Unit]
        Description=NVIDIA Persistence Daemon

        [Service]
        Type=forking
        PIDFile=/run/nvidia-persistenced/nvidia-persistenced.pid
        RuntimeDirectory=nvidia-persistenced
        ExecStartPre=-/sbin/modprobe nvidia
        ExecStart=\(program)\(user.map { " --user \($0)" } ?? "") --verbose
        ProtectSystem=full
        ProtectHome=yes
        PrivateTmp=yes

        [Install]
        WantedBy=multi-user.target

        """
    }

    func check(_ context: StepContext) async throws -> CheckResult {
        guard context.root.textIfReadable(Self.unitPath) == wantedText(context) else {
            return .needed("\(Self.unitPath) is not written")
        }
        guard context.root.linkTarget(Self.wantedPath) != nil else { return .needed("\(Self.unit) is not enabled") }
        guard try await isActive(context) else { return .needed("\(Self.unit) does not run") }
        return .satisfied(["\(Self.unit) is enabled and active"])
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        [.write(path: Self.unitPath, text: wantedText(context))]
            + [Self.reload, Self.enabling, Self.start].map { .run($0.line) }
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        guard context.root.exists(Self.program) else {
            throw failure("The driver brought no \(Self.program).", [], remedy: "Use a driver of branch 319 or later.")
        }
        try context.changes.write(wantedText(context), to: Self.unitPath)
        try context.changes.willChange(Self.wantedPath)
        for command in [Self.reload, Self.enabling, Self.start] {
            let result = try await context.run(command)
            guard result.succeeded else {
                let status = try await context.run(Self.status)
                throw failure(
                    "`\(command.line)` failed: \(result.endingDescription).",
                    result.errors.lines.lastLines(4) + status.output.lines.lastLines(12))
            }
            if command.arguments == Self.enabling.arguments { try context.changes.didChange(Self.wantedPath) }
        }
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        guard try await isActive(context) else {
            let status = try await context.run(Self.status)
            throw failure("\(Self.unit) does not run.", status.output.lines.lastLines(12))
        }
        var evidence = ["\(Self.unit) is active"]
        let question = Command(
            ["nvidia-smi", "--query-gpu=persistence_mode", "--format=csv,noheader"], deadline: .seconds(180))
        let result = try await context.run(question)
        guard result.succeeded else { return evidence }  // the driver's own proof tells more
        let modes = result.output.lines.map { $0.trimmed }
        // A vGPU has no such mode: "[N/A]".
        guard !modes.contains("Disabled") else {
            throw failure("nvidia-smi says that a GPU is not in persistence mode.", modes)
        }
        evidence += modes.map { "nvidia-smi: persistence mode \($0)" }
        return evidence
    }

    private static let reload = Command(["systemctl", "daemon-reload"], deadline: .seconds(120))
    private static let enabling = Command(["systemctl", "enable", unit], deadline: .seconds(120))
    /// Not `start`: an older driver's daemon may run still.
    private static let start = Command(["systemctl", "restart", unit], deadline: .seconds(300))
    private static let status = Command(["systemctl", "status", "--no-pager", "--full", unit])

    private func wantedText(_ context: StepContext) -> String {
        let users = (context.root.textIfReadable("/etc/passwd") ?? "").lines
        return Self.unitText(user: users.contains { $0.hasPrefix(Self.user + ":") } ? Self.user : nil)
    }

    private func isActive(_ context: StepContext) async throws -> Bool {
        try await context.run(Command(["systemctl", "is-active", Self.unit])).output.trimmed == "active"
    }

    private func failure(
        _ message: String, _ evidence: [String],
        remedy: String = "Read `journalctl -u nvidia-persistenced` in the guest."
    ) -> Failure {
        .guest(.driverProof, title, message, evidence: evidence, remedy: remedy)
    }
}
