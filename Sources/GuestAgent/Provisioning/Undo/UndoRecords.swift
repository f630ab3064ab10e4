import Contract
import Guest

/// Forgets what was changed: with the ledger and the stamps gone, a second undo finds nothing to do.
struct UndoRecords: Step {
    let id = StepID.undoRecords
    let title = "forget what was changed"

    func check(_ context: StepContext) async throws -> CheckResult {
        let records = records(context)
        return records.isEmpty
            ? .satisfied(evidence(context)) : .needed("records are left: \(records.joined(separator: ", "))")
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        records(context).map { .remove(path: $0) }
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        // Packages that stay are still ours to remove: undo --packages may be asked for later.
        try context.changes.forget()
        for record in records(context) where record != ChangeLedger.folder { try context.root.removeTree(record) }
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        evidence(context)
    }

    private func records(_ context: StepContext) -> [String] {
        let ours = context.root.list(StateFolder.path).filter { name in
            [".installed", ".undone", ".files", ".before", ".incomplete"].contains { name.hasSuffix($0) }
                || Self.others.contains("\(StateFolder.path)/\(name)")
        }.map { "\(StateFolder.path)/\($0)" }
        let ledger = (try? context.changes.read()).map { $0.files.isEmpty && $0.directories.isEmpty } ?? false
        return (context.changes.exists && !ledger ? [ChangeLedger.folder] : []) + ours
    }

    /// The names of compilers, and what an interrupted run left.
    private static let others = [StateFolder.path + "/compiler", PackageRecord.path, ToolkitLink.kept]

    private static let logs = [
        "/var/log/nvidia-installer.log", "/var/log/nvidia-uninstall.log", "/var/log/cuda-installer.log",
        "/var/log/cuda-uninstaller.log",
    ]

    private func evidence(_ context: StepContext) -> [String] {
        let logs = Self.logs.filter { context.root.exists($0) }
        return [
            Remains.line("the agent and its journals and logs: \(AgentInstallation.program), \(StateFolder.path)"),
            Remains.line("caches that were made anew: /etc/ld.so.cache, modules.* of /lib/modules"),
        ] + (logs.isEmpty ? [] : [Remains.line("logs of the installers: \(logs.joined(separator: ", "))")])
    }
}
