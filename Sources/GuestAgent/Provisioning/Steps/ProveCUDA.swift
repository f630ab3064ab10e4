import Contract
import Guest
import Runfiles

/// Proves CUDA: builds NVIDIA's own deviceQuery and bandwidthTest in the guest and runs them on the GPU.
struct ProveCUDA: Step {
    let id = StepID.proveCUDA
    let title = "prove CUDA"
    let flavour = StepFlavour.proof
    let recipe: CUDARecipe
    /// False in the proof boot: what is not built by then is not proven there.
    var builds = true

    func check(_ context: StepContext) async throws -> CheckResult { .needed("the proof is made afresh") }

    func apply(_ context: StepContext) async throws -> ApplyResult { .applied }

    func verify(_ context: StepContext) async throws -> [String] {
        let nvcc = Command([recipe.toolkitPath + "/bin/nvcc", "--version"])
        let version = try await context.run(nvcc, keeping: "nvcc-version", id)
        guard version.succeeded else {
            throw Failure.command(
                nvcc, version, code: .cudaProof, operation: title, remedy: "Install the toolkit again.")
        }
        var evidence = ["nvcc: " + (version.output.lines.last { $0.contains("release") } ?? "runs").trimmed]
        guard recipe.samples else {
            context.emit(
                .warning(
                    id,
                    message:
                        "CUDA \(recipe.version) brings no samples: there is no proof by deviceQuery and bandwidthTest"
                ))
            return evidence + ["no CUDA program was run: CUDA \(recipe.version) brings no samples"]
        }
        for (sample, output) in [("deviceQuery", "device-query"), ("bandwidthTest", "bandwidth-test")] {
            let program = try await program(sample, context)
            let result = try await context.run(Command([program], deadline: .seconds(300)), keeping: output, id)
            guard result.succeeded, result.output.contains("Result = PASS") else {
                throw failure(sample, result)
            }
            evidence.append("\(sample): exit status 0, Result = PASS")
            evidence += result.output.lines.filter { $0.contains("Detected ") || $0.hasPrefix("Device ") }.prefix(8).map
            { $0.trimmed }
        }
        return evidence
    }

    private var samples: Samples { Samples(recipe: recipe) }

    /// The built sample. Throws ``FailureCode/cudaSamples`` where it cannot be had.
    private func program(_ sample: String, _ context: StepContext) async throws -> String {
        let root = context.root
        // A program that make was writing when the power went may be cut short.
        let marker = InstallMarker(name: "sample-\(sample)")
        let interrupted = marker.isSet(root)
        if !interrupted, let built = samples.program(sample, root) { return built }
        guard builds, let folder = samples.folder(sample, root) else {
            throw Failure.guest(
                .cudaSamples, "find \(sample)",
                builds
                    ? "The sample \(sample) of CUDA \(recipe.version) is not below \(samples.path)."
                    : "The sample \(sample) is not built in the image.",
                evidence: root.list(samples.path).prefix(8).map { "\(samples.path)/\($0)" },
                remedy: "Install the toolkit again.")
        }
        context.emit(.progress(id, message: "building \(sample)"))
        if interrupted {
            _ = try await context.run(Command(["make", "-C", folder, "clean"], deadline: .seconds(120)))
        }
        try marker.set(root)
        let compiler = try await HostCompiler.choose(for: recipe, context)
        let command = Command(
            [
                "make", "-C", folder, "CUDA_PATH=\(recipe.toolkitPath)",
                "HOST_COMPILER=\(compiler?.cxx ?? "g++")",
            ] + Self.overriding(compiler, recipe), environment: try compiler?.searchPath(context) ?? [:],
            deadline: .seconds(1200), mergesErrors: true)
        let result = try await context.run(command, keeping: "make-\(sample.lowercased())", id)
        if result.succeeded, let built = samples.program(sample, root) {
            try marker.clear(root)
            return built
        }
        throw Failure.guest(
            .cudaSamples, "build \(sample)", "make failed: \(result.endingDescription).",
            evidence: InstallerDiagnosis.compilerErrors(result.output.lines) + result.output.lines.lastLines(6),
            remedy: "Put a compiler into the image that CUDA \(recipe.version) works with.")
    }

    /// What makes nvcc try a compiler that its release does not know; only with `allowIncompatible` is one chosen. From
    /// CUDA 11 on there is an option for it; before, the check is one of `__GNUC__` in crt/host_config.h.
    private static func overriding(_ compiler: HostCompiler?, _ recipe: CUDARecipe) -> [String] {
        guard let compiler, !compiler.fits, let version = ToolVersion(recipe.version) else { return [] }
        if version.major >= 11 { return ["EXTRA_NVCCFLAGS=-allow-unsupported-compiler"] }
        return Compatibility.newestGCC(forCUDA: version).map { ["EXTRA_NVCCFLAGS=-D__GNUC__=\($0)"] } ?? []
    }

    private func failure(_ sample: String, _ result: CommandResult) -> Failure {
        let lines = (result.output + "\n" + result.errors).lines.lastLines(12)
        let row = InstallerDiagnosis(lines.joined(separator: "\n"), rows: InstallerDiagnosis.runTimeRows).row
        let message = "\(sample) did not pass (\(result.endingDescription))."
        return .guest(
            .cudaProof, title, row.map { "\(message) \($0.message)" } ?? message, evidence: lines,
            remedy: row?.remedy ?? "Look at the sample's output and at dmesg in the guest.",
            retryable: row?.retryable ?? false)
    }
}
