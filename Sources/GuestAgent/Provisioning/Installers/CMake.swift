import Contract
import Guest
import Runfiles

/// Builds a source tree with CMake, against one toolkit.
struct CMake {
    let recipe: CUDARecipe
    /// What is being built, for messages: "deviceQuery".
    let name: String

    /// Where CMake is, nil where it is not.
    static func program(_ root: SystemRoot) -> String? {
        // EL 7's is too old under the plain name.
        ["cmake3", "cmake"].first { root.program($0) != nil }
    }

    /// Builds `source` into `build`. Throws ``FailureCode/prerequisites`` where there is no CMake, and
    /// ``FailureCode/cudaSamples`` where it fails.
    func build(_ source: String, into build: String, _ context: StepContext, _ step: StepID) async throws {
        guard let cmake = Self.program(context.root) else {
            throw Failure.guest(
                .prerequisites, "build \(name)", "CMake is missing, which these sources of \(name) are built with.",
                evidence: ["\(source)/CMakeLists.txt is there", "there is no Makefile"],
                remedy: "Put cmake (3.20 or later) into the image; samples up to 12.5 need only make.")
        }
        let compiler = try await HostCompiler.choose(for: recipe, context)
        let environment = try compiler?.searchPath(context) ?? [:]
        try context.root.createDirectory(build)
        var configure = [
            cmake, source, "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CUDA_COMPILER=\(recipe.toolkitPath)/bin/nvcc",
            "-DCUDAToolkit_ROOT=\(recipe.toolkitPath)",
        ]
        if let compiler { configure.append("-DCMAKE_CUDA_HOST_COMPILER=\(compiler.cxx)") }
        // Run where it builds: -S and -B are younger than what old guests have.
        for (command, output) in [
            (
                Command(
                    configure, environment: environment, directory: build, deadline: .seconds(600), mergesErrors: true),
                "cmake"
            ),
            (
                Command(
                    [cmake, "--build", "."], environment: environment, directory: build, deadline: .seconds(1800),
                    mergesErrors: true), "cmake-build"
            ),
        ] {
            let result = try await context.run(command, keeping: "\(output)-\(name.lowercased())", step)
            guard result.succeeded else {
                throw Failure.guest(
                    .cudaSamples, "build \(name)", "\(command.arguments[0]) failed: \(result.endingDescription).",
                    evidence: result.output.lines.filter { $0.hasPrefix("CMake Error") }.lastLines(4)
                        + InstallerDiagnosis.compilerErrors(result.output.lines) + result.output.lines.lastLines(6),
                    remedy:
                        "Put what CMake names into the image, or a compiler that CUDA \(recipe.version) works with.")
            }
        }
    }
}
