import Contract
import Guest

/// What we installed into a toolkit's folder, remembered beside the journal: the toolkit itself does not tell 11.4.1 from
/// 11.4.4. A toolkit that is not ours has no stamp.
struct ToolkitStamp {
    let recipe: CUDARecipe

    private var path: String {
        "\(StateFolder.path)/toolkit\(recipe.toolkitPath.replacing("/", with: "-")).installed"
    }

    /// The stamp of the recipe.
    var text: String { "CUDA \(recipe.version) sha256 \(recipe.sha256) \(recipe.toolkitPath)" }

    /// What the folder was made of, nil where it is not known.
    func installed(_ root: SystemRoot) -> String? { root.attribute(path) }

    func write(_ root: SystemRoot) throws {
        try root.write(text + "\n", to: path, mode: 0o600)
    }
}
