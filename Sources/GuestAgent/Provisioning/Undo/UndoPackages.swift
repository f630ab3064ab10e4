import Contract
import Guest

/// Removes the packages that were installed at our request, where that was asked for; otherwise names them.
struct UndoPackages: Step {
    let id = StepID.undoPackages
    let title = "remove the packages that were installed"
    let recipe: UndoRecipe

    func check(_ context: StepContext) async throws -> CheckResult {
        let packages = try context.changes.read().packages
        guard recipe.packages, !packages.isEmpty else { return .satisfied(try evidence(context)) }
        return .needed("installed at our request: \(packages.joined(separator: ", "))")
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        let packages = try context.changes.read().packages
        return packages.isEmpty ? [] : [.run(PackageRemoval(context.guest).command(packages).line)]
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        let packages = try context.changes.read().packages
        let removal = PackageRemoval(context.guest)
        context.emit(.progress(id, message: "removing \(packages.joined(separator: ", "))"))
        let left = try await removal.remove(packages)
        let gone = packages.filter { !left.contains($0) }
        context.root.sync()
        try context.changes.removed(packages: gone)
        // A package that something else needs by now is somebody else's as well.
        try context.root.write(
            (gone.map { "gone \($0)" } + left.map { "kept \($0)" }).joined(separator: "\n") + "\n", to: Self.record,
            mode: 0o600)
        try context.changes.removed(packages: left)
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        try evidence(context)
    }

    /// What became of them, until all is forgotten.
    static let record = StateFolder.path + "/packages.undone"

    private func evidence(_ context: StepContext) throws -> [String] {
        let packages = try context.changes.read().packages
        let record = (context.root.textIfReadable(Self.record) ?? "").lines.map(\.words)
        func named(_ word: String) -> [String] { record.filter { $0.first == word }.compactMap(\.last) }
        var evidence: [String] = []
        let gone = named("gone")
        let kept = named("kept")
        if !gone.isEmpty { evidence.append("packages removed: \(gone.joined(separator: " "))") }
        if !kept.isEmpty {
            evidence.append(
                Remains.line(
                    "packages that others need by now, or that are there more than once: \(kept.joined(separator: " "))"
                ))
        }
        if !packages.isEmpty {
            evidence.append(
                Remains.line(
                    "packages that were installed (--packages removes them): \(packages.joined(separator: " "))"))
        }
        return evidence.isEmpty ? ["no package was installed"] : evidence
    }
}
