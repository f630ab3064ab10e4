import Contract
import Guest

/// What we installed into a toolkit's folder, remembered beside the journal: the toolkit itself does not tell 11.4.1 from
/// 11.4.4, nor which patches it has. A toolkit that is not ours has no stamp, unless we patched it.
struct ToolkitStamp {
    let recipe: CUDARecipe

    private var path: String { StateFolder.toolkitFile(recipe.toolkitPath, "installed") }

    /// The line of the toolkit.
    var text: String { "CUDA \(recipe.version) sha256 \(recipe.sha256) \(recipe.toolkitPath)" }

    /// What the folder was made of, nil where it is not known.
    func installed(_ root: SystemRoot) -> String? {
        lines(root).first { !$0.hasPrefix(Self.patch) }
    }

    /// Those of the recipe's patches that are not in.
    func missingPatches(_ root: SystemRoot) -> [PayloadIdentity] {
        let lines = lines(root)
        return recipe.patches.filter { !lines.contains(Self.line($0)) }
    }

    /// The toolkit is in, anew: without patches.
    func write(_ root: SystemRoot) throws {
        try root.write(text + "\n", to: path, mode: 0o600)
    }

    /// A patch is in.
    func add(_ patch: PayloadIdentity, _ root: SystemRoot) throws {
        try root.write((lines(root) + [Self.line(patch), ""]).joined(separator: "\n"), to: path, mode: 0o600)
    }

    private func lines(_ root: SystemRoot) -> [String] { root.textIfReadable(path)?.lines ?? [] }

    private static let patch = "patch "
    private static func line(_ patch: PayloadIdentity) -> String {
        "\(Self.patch)sha256 \(patch.sha256) \(PayloadFile.plainName(patch.fileName))"
    }
}

extension StateFolder {
    /// A file about the toolkit in a folder: "toolkit-usr-local-cuda-11.4.installed".
    static func toolkitFile(_ toolkitPath: String, _ kind: String) -> String {
        "\(path)/toolkit\(toolkitPath.replacing("/", with: "-")).\(kind)"
    }
}
