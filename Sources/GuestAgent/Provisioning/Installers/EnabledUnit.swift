import Contract
import Guest

/// A unit of systemd's that a step of ours writes, enables and starts.
struct EnabledUnit {
    /// "nvidia-persistenced.service".
    let name: String
    /// For its start, which may wait for GPUs.
    var startDeadline = Duration.seconds(120)

    var path: String { "/etc/systemd/system/" + name }
    /// What enabling makes.
    var wantedPath: String { "/etc/systemd/system/multi-user.target.wants/" + name }

    /// What is to be run once it is written, in order.
    var commands: [Command] { [Self.reload, enabling, restart] }

    private static let reload = Command(["systemctl", "daemon-reload"], deadline: .seconds(120))
    private var enabling: Command { Command(["systemctl", "enable", name], deadline: .seconds(120)) }
    /// Not `start`: one of an older program, or with other options, may run.
    private var restart: Command { Command(["systemctl", "restart", name], deadline: startDeadline) }

    /// Why it is not as `text` has it, enabled and running; nil where it is.
    func lack(_ text: String, _ context: StepContext) async throws -> String? {
        guard context.root.textIfReadable(path) == text else { return "\(path) is not written" }
        guard context.root.linkTarget(wantedPath) != nil else { return "\(name) is not enabled" }
        return try await isActive(context) ? nil : "\(name) does not run"
    }

    /// Enables and starts it, once it is written. `failure` makes what is thrown of a message and its evidence.
    func enable(_ context: StepContext, failure: (String, [String]) -> Failure) async throws {
        try context.changes.willChange(wantedPath)
        for command in commands {
            let result = try await context.run(command)
            guard result.succeeded else {
                throw failure(
                    "`\(command.line)` failed: \(result.endingDescription).",
                    result.errors.lines.lastLines(4) + (try await statusLines(context)))
            }
            if command.arguments == enabling.arguments { try context.changes.didChange(wantedPath) }
        }
    }

    /// Throws what `failure` makes where it does not run. Early in a boot, when SSH answers already, it is waited for.
    func requireActive(_ context: StepContext, failure: (String, [String]) -> Failure) async throws {
        if try await isActive(context) { return }
        if try await isQueued(context) {
            // Joins the job of the boot, and ends with it.
            _ = try await context.run(Command(["systemctl", "start", name], deadline: startDeadline))
            if try await isActive(context) { return }
        }
        throw failure("\(name) does not run.", try await statusLines(context))
    }

    func isActive(_ context: StepContext) async throws -> Bool {
        try await context.run(Command(["systemctl", "is-active", name])).output.trimmed == "active"
    }

    /// Whether systemd has yet to start it: its job waits or runs.
    private func isQueued(_ context: StepContext) async throws -> Bool {
        // Without --value, which came with systemd 230. There is no such line, or a 0, where there is no job.
        let shown = try await context.run(Command(["systemctl", "show", "--property=Job", name]))
        return shown.output.lines.contains { $0.hasPrefix("Job=") && !["Job=", "Job=0"].contains($0.trimmed) }
    }

    private func statusLines(_ context: StepContext) async throws -> [String] {
        let status = try await context.run(Command(["systemctl", "status", "--no-pager", "--full", name]))
        return status.output.lines.lastLines(12)
    }
}
