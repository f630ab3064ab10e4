import Contract
import Guest

/// NVIDIA's CUDA samples, as the toolkit's runfile brings them (up to 11.5).
struct Samples {
    let recipe: CUDARecipe

    /// Where the installer is told to put them. It makes a folder of its own below: NVIDIA_CUDA-11.4_Samples.
    var path: String { recipe.toolkitPath + "/samples" }

    /// The folder of one sample: directly below ``path`` in a toolkit's own copy, a level deeper in the installer's. Nil
    /// where there is none.
    func folder(_ sample: String, _ root: SystemRoot) -> String? {
        folders(root).map { "\($0)/1_Utilities/\(sample)" }.first { root.isDirectory($0) }
    }

    /// The built program of a sample, nil where it is not built. Makefiles leave it beside the source, and copy it.
    func program(_ sample: String, _ root: SystemRoot) -> String? {
        folders(root).flatMap { ["\($0)/1_Utilities/\(sample)/\(sample)", "\($0)/bin/x86_64/linux/release/\(sample)"] }
            .first { root.exists($0) }
    }

    private func folders(_ root: SystemRoot) -> [String] {
        root.list(path).filter { $0.hasPrefix("NVIDIA_CUDA-") }.map { "\(path)/\($0)" } + [path]
    }
}
