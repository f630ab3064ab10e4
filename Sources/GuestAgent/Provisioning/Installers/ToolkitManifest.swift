import Contract
import Guest

/// Every path that we brought into a toolkit's folder, so that an undo removes those and nothing of the user's.
///
/// A file beside the journal, "toolkit-usr-local-cuda-11.4.files": one absolute path a line, folders with a "/" at the
/// end, parents before what is in them. The toolkit's folder itself is the first line where it was not there before.
struct ToolkitManifest {
    let recipe: CUDARecipe

    var path: String { StateFolder.toolkitFile(recipe.toolkitPath, "files") }
    /// What was there before us, in the same layout; empty where there was nothing.
    private var before: String { StateFolder.toolkitFile(recipe.toolkitPath, "before") }

    /// Remembers what is there. To be called before the first change; again after an interruption it changes nothing.
    func remember(_ root: SystemRoot) throws {
        guard !root.exists(before) else { return }
        try root.write(Self.text(paths(root)), to: before, mode: 0o600)
    }

    /// Writes down what is there now and was not before.
    func write(_ root: SystemRoot) throws {
        let old = Set(root.textIfReadable(before)?.lines ?? [])
        try root.write(Self.text(paths(root).filter { !old.contains($0) }), to: path, mode: 0o600)
    }

    /// Writes it again after something was built there. A toolkit that is not ours gets none.
    func update(_ root: SystemRoot) throws {
        if root.exists(before) { try write(root) }
    }

    private static func text(_ paths: [String]) -> String {
        paths.isEmpty ? "" : paths.joined(separator: "\n") + "\n"
    }

    private func paths(_ root: SystemRoot) -> [String] {
        guard root.isDirectory(recipe.toolkitPath) else { return [] }
        var found = [recipe.toolkitPath + "/"]
        var folders = [recipe.toolkitPath]
        while let folder = folders.popLast() {
            // A name that holds a line's end cannot be told in lines, and is none of NVIDIA's.
            for name in root.list(folder) where !name.contains(where: \.isNewline) {
                let path = "\(folder)/\(name)"
                if root.linkTarget(path) == nil && root.isDirectory(path) {
                    found.append(path + "/")
                    folders.append(path)
                } else {
                    found.append(path)
                }
            }
        }
        return found
    }
}
