import Contract
import Guest

/// Which packages an installation brought that were not there before. The names before it are on disk while it runs, so
/// that what an interrupted attempt brought is not taken for the guest's own.
///
/// The file's first line is "run RUNID", then a name a line: what was there before another run says nothing of this one.
struct PackageRecord {
    static let path = StateFolder.path + "/packages-before"

    /// Runs `install` and tells the ledger what is new.
    static func around(
        _ manager: any PackageManager, _ distribution: Distribution, _ context: StepContext,
        _ install: () async throws -> Void
    ) async throws {
        let root = context.root
        // It may be installing packages itself, which are the user's.
        try await CloudInit(context.guest).wait()
        let run = "run \(context.plan.runID)"
        let before: Set<String>
        if let lines = root.textIfReadable(path)?.lines, lines.first == run {
            before = Set(lines.dropFirst())
        } else {
            before = try await manager.installed()
            try StateFolder(root).create()
            try root.write(([run] + before.sorted() + [""]).joined(separator: "\n"), to: path, mode: 0o600)
        }
        // Also where it fails: some of the packages may be there by then. Where that cannot be found out now (the agent
        // was told to stop), the record stays for the next attempt.
        do {
            try await install()
        } catch {
            try? await note(before, manager, distribution, context)
            throw error
        }
        try await note(before, manager, distribution, context)
    }

    private static func note(
        _ before: Set<String>, _ manager: any PackageManager, _ distribution: Distribution, _ context: StepContext
    ) async throws {
        let new = try await manager.installed().subtracting(before).filter { !distribution.isKernel(package: $0) }
        if !new.isEmpty { try context.changes.installed(packages: new.sorted()) }
        try context.root.remove(path)
    }
}
