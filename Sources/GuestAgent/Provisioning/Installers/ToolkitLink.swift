import Contract
import Guest

/// /usr/local/cuda, the name under which programs look for the toolkit. Installers point it at whatever they install; it
/// belongs to the first toolkit of the recipe, or to the user where it pointed at a toolkit of the user's.
struct ToolkitLink {
    let recipe: Recipe

    static let path = "/usr/local/cuda"
    /// Where the user's link pointed before an installer ran; there as long as it may have to be put back.
    static let kept = StateFolder.path + "/cuda-link"

    /// Whether an installation was begun that did not come to ``restore(_:)``.
    static func isPending(_ root: SystemRoot) -> Bool { root.exists(kept) }

    /// Remembers where the user's link points. To be called before an installer runs; an attempt that was interrupted
    /// has remembered it already, and may have lost the link.
    func remember(_ root: SystemRoot) throws {
        guard !root.exists(Self.kept) else { return }
        try root.write((isUsers(root) ? root.linkTarget(Self.path) ?? "" : "") + "\n", to: Self.kept, mode: 0o600)
    }

    /// Puts the user's link back after an installer, and forgets it.
    func restore(_ context: StepContext) throws {
        if let target = context.root.attribute(Self.kept), !target.isEmpty,
            context.root.linkTarget(Self.path) != target
        {
            try context.changes.link(Self.path, to: target)
        }
        try context.root.remove(Self.kept)
    }

    /// What it is to point at; nil where it is as it should be, above all where it is the user's.
    func wanted(_ root: SystemRoot) -> String? {
        guard let first = recipe.cuda?.toolkitPath, !isUsers(root), first != Self.path else { return nil }
        return root.linkTarget(Self.path).map { Self.plain($0) } == Self.plain(first) ? nil : first
    }

    /// A folder, or a link to something that is there and none of the recipe's toolkits.
    private func isUsers(_ root: SystemRoot) -> Bool {
        guard let target = root.linkTarget(Self.path) else { return root.exists(Self.path) }
        let ours = recipe.toolkits.contains {
            Self.plain($0.toolkitPath) == Self.plain(target)
                || root.resolvingLinks(Self.path) == root.resolvingLinks($0.toolkitPath)
        }
        return !ours && root.isDirectory(root.resolvingLinks(Self.path))
    }

    private static func plain(_ path: String) -> String {
        // Relative ones are beside the link: "cuda-11.4".
        let absolute = path.hasPrefix("/") ? path : "/usr/local/" + path
        return absolute.hasSuffix("/") ? String(absolute.dropLast()) : absolute
    }
}
