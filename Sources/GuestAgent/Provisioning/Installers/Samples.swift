import Contract
import Guest
import Runfiles

/// NVIDIA's CUDA samples: as the toolkit's runfile brings them (up to 11.5), or as the user gives them.
struct Samples {
    let recipe: CUDARecipe
    /// The user's archive, which goes before what a runfile brings.
    var archive: PayloadIdentity?

    /// Where the runfile's installer is told to put them. It makes a folder of its own below: NVIDIA_CUDA-11.4_Samples.
    var path: String { recipe.toolkitPath + "/samples" }

    /// The user's, unpacked.
    var source: SourceArchive? {
        archive.map { SourceArchive(role: .samples, identity: $0, label: "cuda-\(recipe.version)") }
    }

    /// The folder of one sample: directly below ``path`` in a toolkit's own copy, a level deeper in the installer's,
    /// anywhere in an archive of the user's. Nil where there is none.
    func folder(_ sample: String, _ root: SystemRoot) -> String? {
        if let source { return source.find(sample, holding: ["Makefile", "CMakeLists.txt"], root) }
        return folders(root).map { "\($0)/1_Utilities/\(sample)" }.first { root.isDirectory($0) }
    }

    /// The built program of a sample, nil where it is not built. Makefiles leave it beside the source, and copy it.
    func program(_ sample: String, _ root: SystemRoot) -> String? {
        let candidates =
            source != nil
            ? folder(sample, root).map { ["\($0)/\(sample)", Self.build($0) + "/\(sample)"] } ?? []
            : folders(root).flatMap {
                ["\($0)/1_Utilities/\(sample)/\(sample)", "\($0)/bin/x86_64/linux/release/\(sample)"]
            }
        return candidates.first { root.exists($0) && !root.isDirectory($0) }
    }

    /// What a failure shows: the top of where they should be.
    func top(_ root: SystemRoot) -> [String] {
        let top = source?.folder ?? path
        return root.list(top).prefix(8).map { "\(top)/\($0)" }
    }

    /// Builds one, by make where it has a Makefile (up to 12.5), else by CMake (12.8 on).
    func build(_ sample: String, in folder: String, afresh: Bool, _ context: StepContext, _ step: StepID) async throws {
        guard context.root.exists(folder + "/Makefile") || source == nil else {
            if afresh { try context.root.removeTree(Self.build(folder)) }
            return try await CMake(recipe: recipe, name: sample).build(folder, into: Self.build(folder), context, step)
        }
        if afresh { _ = try await context.run(Command(["make", "-C", folder, "clean"], deadline: .seconds(120))) }
        let compiler = try await HostCompiler.choose(for: recipe, context)
        let command = Command(
            [
                "make", "-C", folder, "CUDA_PATH=\(recipe.toolkitPath)",
                "HOST_COMPILER=\(compiler?.cxx ?? "g++")",
            ] + overriding(compiler), environment: try compiler?.searchPath(context) ?? [:],
            deadline: .seconds(1200), mergesErrors: true)
        let result = try await context.run(command, keeping: "make-\(sample.lowercased())", step)
        guard result.succeeded, program(sample, context.root) != nil else {
            throw Failure.guest(
                .cudaSamples, "build \(sample)", "make failed: \(result.endingDescription).",
                evidence: InstallerDiagnosis.compilerErrors(result.output.lines) + result.output.lines.lastLines(6),
                remedy: "Put a compiler into the image that CUDA \(recipe.version) works with.")
        }
    }

    /// What makes nvcc try a compiler that its release does not know; only with `allowIncompatible` is one chosen. From
    /// CUDA 11 on there is an option for it; before, the check is one of `__GNUC__` in crt/host_config.h.
    private func overriding(_ compiler: HostCompiler?) -> [String] {
        guard let compiler, !compiler.fits, let version = ToolVersion(recipe.version) else { return [] }
        if version.major >= 11 { return ["EXTRA_NVCCFLAGS=-allow-unsupported-compiler"] }
        return Compatibility.newestGCC(forCUDA: version).map { ["EXTRA_NVCCFLAGS=-D__GNUC__=\($0)"] } ?? []
    }

    private static func build(_ folder: String) -> String { folder + "/gpu-guest-agent-build" }

    private func folders(_ root: SystemRoot) -> [String] {
        root.list(path).filter { $0.hasPrefix("NVIDIA_CUDA-") }.map { "\(path)/\($0)" } + [path]
    }
}
