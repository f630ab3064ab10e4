import Guest

/// Which packages an installation brought that were not there before. The names before it are on disk while it runs, so
/// that what an interrupted attempt brought is not taken for the guest's own.
struct PackageRecord {
    private static let path = StateFolder.path + "/packages-before"

    /// Runs `install` and tells the ledger what is new.
    static func around(
        _ manager: any PackageManager, _ distribution: Distribution, _ context: StepContext,
        _ install: () async throws -> Void
    ) async throws {
        let root = context.root
        let before: Set<String>
        if let text = root.textIfReadable(path) {
            before = Set(text.lines)
        } else {
            before = try await manager.installed()
            try StateFolder(root).create()
            try root.write(before.sorted().joined(separator: "\n") + "\n", to: path, mode: 0o600)
        }
        // Also where it fails: some of the packages may be there by then.
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
