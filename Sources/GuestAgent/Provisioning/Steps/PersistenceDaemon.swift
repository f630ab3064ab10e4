import Contract
import Guest

/// Enables nvidia-persistenced, which holds the GPUs open so that the driver does not let go of their state between
/// programs. The driver brings the program and no unit.
struct PersistenceDaemon: Step {
    let id = StepID.persistenceDaemon
    let title = "enable nvidia-persistenced"

    private static let enabledUnit = EnabledUnit(name: "nvidia-persistenced.service", startDeadline: .seconds(300))
    static let unit = enabledUnit.name
    static let unitPath = enabledUnit.path
    static let wantedPath = enabledUnit.wantedPath
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
        if let lack = try await Self.enabledUnit.lack(wantedText(context), context) { return .needed(lack) }
        return .satisfied(["\(Self.unit) is enabled and active"])
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        [.write(path: Self.unitPath, text: wantedText(context))]
            + Self.enabledUnit.commands.map { .run($0.line) }
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        guard context.root.exists(Self.program) else {
            throw failure("The driver brought no \(Self.program).", [], remedy: "Use a driver of branch 319 or later.")
        }
        try context.changes.write(wantedText(context), to: Self.unitPath)
        try await Self.enabledUnit.enable(context) { failure($0, $1) }
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        try await Self.enabledUnit.requireActive(context) { failure($0, $1) }
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

    private func wantedText(_ context: StepContext) -> String {
        let users = (context.root.textIfReadable("/etc/passwd") ?? "").lines
        return Self.unitText(user: users.contains { $0.hasPrefix(Self.user + ":") } ? Self.user : nil)
    }

    private func failure(
        _ message: String, _ evidence: [String],
        remedy: String = "Read `journalctl -u nvidia-persistenced` in the guest."
    ) -> Failure {
        .guest(.driverProof, title, message, evidence: evidence, remedy: remedy)
    }
}
