import Contract
import Guest
import Runfiles

/// Proves CUDA: builds NVIDIA's own deviceQuery and bandwidthTest in the guest and runs them on the GPU. They come with the
/// runfile up to 11.5, or from the user; without them gpu-probe is the proof that a CUDA program runs.
struct ProveCUDA: Step {
    let recipe: CUDARecipe
    var id = StepID.proveCUDA
    let flavour = StepFlavour.proof
    /// False in the proof boot: what is not built by then is not proven there.
    var builds = true

    var title: String { "prove CUDA \(recipe.version)" }

    func check(_ context: StepContext) async throws -> CheckResult { .needed("the proof is made afresh") }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        var actions: [DryRun.Action] = [.run(recipe.toolkitPath + "/bin/nvcc --version")]
        guard runsPrograms(context) else { return actions + [.note("no GPU program is run: there is no driver")] }
        if context.plan.recipe.samples != nil || recipe.samples {
            actions.append(.note("build and run deviceQuery and bandwidthTest"))
        }
        if measures(context) { actions.append(.note("run nvbandwidth")) }
        return actions
    }

    func apply(_ context: StepContext) async throws -> ApplyResult { .applied }

    func verify(_ context: StepContext) async throws -> [String] {
        let nvcc = Command([recipe.toolkitPath + "/bin/nvcc", "--version"])
        let version = try await context.run(nvcc, keeping: output("nvcc-version"), id)
        guard version.succeeded else {
            throw Failure.command(
                nvcc, version, code: .cudaProof, operation: title, remedy: "Install the toolkit again.")
        }
        var evidence = ["nvcc: " + (version.output.lines.last { $0.contains("release") } ?? "runs").trimmed]
        guard runsPrograms(context) else {
            return evidence + ["no GPU program was run: there is no driver in this machine"]
        }
        evidence += try await samples(context)
        if measures(context), let identity = context.plan.recipe.nvbandwidth {
            evidence += try await NVBandwidth(identity: identity, step: id, builds: builds).verify(context)
        }
        return evidence
    }

    /// Whether there is a driver to run programs on.
    private func runsPrograms(_ context: StepContext) -> Bool {
        context.plan.recipe.driver != nil || context.root.exists("/proc/driver/nvidia/version")
    }

    /// nvbandwidth is run once, whatever the number of toolkits.
    private func measures(_ context: StepContext) -> Bool {
        context.plan.recipe.nvbandwidth != nil && context.plan.recipe.cuda == recipe
    }

    /// The first toolkit's outputs have the plain names.
    private func output(_ name: String) -> String { id == .proveCUDA ? name : "\(name)-\(recipe.version)" }

    // MARK: - Samples

    private func samples(_ context: StepContext) async throws -> [String] {
        let samples = Samples(recipe: recipe, archive: context.plan.recipe.samples)
        guard samples.archive != nil || recipe.samples else {
            guard context.plan.recipe.driver != nil else {
                context.emit(
                    .warning(
                        id, message: "CUDA \(recipe.version) brings no samples: there is no proof by deviceQuery"))
                return ["no CUDA program was run: CUDA \(recipe.version) brings no samples"]
            }
            return ["CUDA \(recipe.version) brings no samples: gpu-probe is the proof that a CUDA program runs"]
        }
        if builds { try await samples.source?.unpack(context, id) }
        var evidence: [String] = []
        for (sample, name) in [("deviceQuery", "device-query"), ("bandwidthTest", "bandwidth-test")] {
            // The user's may be newer than it (it went at 12.9), or a part of them; a runfile's are whole.
            if sample == "bandwidthTest", let source = samples.source, source.isThere(context.root),
                samples.folder(sample, context.root) == nil
            {
                evidence.append("bandwidthTest is not among the samples; gpu-probe measures the copies")
                continue
            }
            let program = try await program(sample, samples, context)
            let result = try await context.run(Command([program], deadline: .seconds(300)), keeping: output(name), id)
            guard result.succeeded, result.output.contains("Result = PASS") else {
                throw failure(sample, result)
            }
            evidence.append("\(sample): exit status 0, Result = PASS")
            evidence += result.output.lines.filter { $0.contains("Detected ") || $0.hasPrefix("Device ") }.prefix(8).map
            { $0.trimmed }
        }
        if builds, samples.source == nil { try ToolkitManifest(recipe: recipe).update(context.root) }
        return evidence
    }

    /// The built sample. Throws ``FailureCode/cudaSamples`` where it cannot be had.
    private func program(_ sample: String, _ samples: Samples, _ context: StepContext) async throws -> String {
        let root = context.root
        // A program that make was writing when the power went may be cut short.
        let marker = InstallMarker(name: output("sample-\(sample)"))
        let interrupted = marker.isSet(root)
        if !interrupted, let built = samples.program(sample, root) { return built }
        guard builds, let folder = samples.folder(sample, root) else {
            throw Failure.guest(
                .cudaSamples, "find \(sample)",
                builds
                    ? "The sample \(sample) of CUDA \(recipe.version) is not below \(samples.source?.folder ?? samples.path)."
                    : "The sample \(sample) is not built in the image.",
                evidence: samples.top(root),
                remedy: samples.source == nil
                    ? "Install the toolkit again."
                    : "Give an archive that has deviceQuery with its Makefile or CMakeLists.txt.")
        }
        context.emit(.progress(id, message: "building \(sample)"))
        try marker.set(root)
        try await samples.build(sample, in: folder, afresh: interrupted, context, id)
        guard let built = samples.program(sample, root) else {
            throw Failure.guest(
                .cudaSamples, "build \(sample)", "The build left no program.",
                evidence: root.list(folder).prefix(8).map { "\(folder)/\($0)" },
                remedy: "Report this version of the samples: its layout is not the expected one.")
        }
        try marker.clear(root)
        return built
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
