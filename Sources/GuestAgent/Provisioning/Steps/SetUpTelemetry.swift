import Contract
import Guest

/// Installs and starts the sampler that tells the host of the GPUs (`gpu-guest-agent sample --port`).
struct SetUpTelemetry: Step {
    let id = StepID.telemetry
    let title = "tell the host of the GPUs"
    let recipe: TelemetryRecipe

    func check(_ context: StepContext) async throws -> CheckResult {
        guard context.root.textIfReadable(TelemetryUnit.path) == TelemetryUnit.text(recipe) else {
            return .needed("\(TelemetryUnit.path) is not written")
        }
        guard context.root.linkTarget(TelemetryUnit.wantedPath) != nil else {
            return .needed("\(TelemetryUnit.name) is not enabled")
        }
        guard try await TelemetryUnit.isActive(context) else { return .needed("\(TelemetryUnit.name) does not run") }
        return .satisfied(evidence)
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        [.write(path: TelemetryUnit.path, text: TelemetryUnit.text(recipe))]
            + [Self.reload, Self.enabling, Self.restart].map { .run($0.line) }
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        try context.changes.write(TelemetryUnit.text(recipe), to: TelemetryUnit.path)
        if context.root.isDirectory("/etc/selinux") {
            _ = try await context.run(Command(["restorecon", TelemetryUnit.path]))
        }
        try context.changes.willChange(TelemetryUnit.wantedPath)
        for command in [Self.reload, Self.enabling, Self.restart] {
            let result = try await context.run(command)
            guard result.succeeded else {
                let status = try await context.run(Self.status)
                throw failure(
                    "`\(command.line)` failed: \(result.endingDescription).",
                    result.errors.lines.lastLines(4) + status.output.lines.lastLines(12))
            }
            if command.arguments == Self.enabling.arguments { try context.changes.didChange(TelemetryUnit.wantedPath) }
        }
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        guard try await TelemetryUnit.isActive(context) else {
            let status = try await context.run(Self.status)
            throw failure("\(TelemetryUnit.name) does not run.", status.output.lines.lastLines(12))
        }
        return evidence
    }

    private var evidence: [String] { ["\(TelemetryUnit.name) is enabled and active"] }

    private static let reload = Command(["systemctl", "daemon-reload"], deadline: .seconds(120))
    private static let enabling = Command(["systemctl", "enable", TelemetryUnit.name], deadline: .seconds(120))
    /// Not `start`: one with another interval, or of an older agent, may run.
    private static let restart = Command(["systemctl", "restart", TelemetryUnit.name], deadline: .seconds(120))
    private static let status = Command(["systemctl", "status", "--no-pager", "--full", TelemetryUnit.name])

    private func failure(_ message: String, _ evidence: [String]) -> Failure {
        .guest(
            .agentInstall, title, message, evidence: evidence,
            remedy: "Read `journalctl -u \(TelemetryUnit.name)` in the guest.")
    }
}
