import Contract
import Guest

/// Installs and starts the sampler that tells the host of the GPUs (`gpu-guest-agent sample --port`).
struct SetUpTelemetry: Step {
    let id = StepID.telemetry
    let title = "tell the host of the GPUs"
    let recipe: TelemetryRecipe

    func check(_ context: StepContext) async throws -> CheckResult {
        if let lack = try await TelemetryUnit.unit.lack(TelemetryUnit.text(recipe), context) { return .needed(lack) }
        return .satisfied(evidence)
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        [.write(path: TelemetryUnit.path, text: TelemetryUnit.text(recipe))]
            + TelemetryUnit.unit.commands.map { .run($0.line) }
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        try context.changes.write(TelemetryUnit.text(recipe), to: TelemetryUnit.path)
        if context.root.isDirectory("/etc/selinux") {
            _ = try await context.run(Command(["restorecon", TelemetryUnit.path]))
        }
        try await TelemetryUnit.unit.enable(context, failure: failure)
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        try await TelemetryUnit.unit.requireActive(context, failure: failure)
        return evidence
    }

    private var evidence: [String] { ["\(TelemetryUnit.name) is enabled and active"] }

    private func failure(_ message: String, _ evidence: [String]) -> Failure {
        .guest(
            .agentInstall, title, message, evidence: evidence,
            remedy: "Read `journalctl -u \(TelemetryUnit.name)` in the guest.")
    }
}
