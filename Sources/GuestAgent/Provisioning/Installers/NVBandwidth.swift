import Contract
import GPUReadings
import Guest

/// nvbandwidth, as the user gave it: a program, or sources that are built with the recipe's first toolkit.
struct NVBandwidth {
    let identity: PayloadIdentity
    let step: StepID
    var builds: Bool

    private var archive: SourceArchive {
        SourceArchive(role: .nvbandwidth, identity: identity, label: "program")
    }

    /// Runs it. Throws ``FailureCode/cudaProof`` where it fails.
    func verify(_ context: StepContext) async throws -> [String] {
        let program = try await program(context)
        // --json is there since 0.6; asking is cheaper than knowing which program this is. Its --help may end with 1.
        let help = try await context.run(Command([program, "--help"]))
        let json = (help.output + help.errors).contains("--json")
        let result = try await context.run(
            Command([program] + (json ? ["-j"] : []), deadline: .seconds(1800)), keeping: "nvbandwidth", step)
        let reading = try? NVBandwidthReading(parsing: result.output)
        guard result.succeeded, let reading, reading.passed else {
            let lines = (reading?.errors ?? []) + (result.output + "\n" + result.errors).lines.lastLines(8)
            let row = InstallerDiagnosis(lines.joined(separator: "\n"), rows: InstallerDiagnosis.runTimeRows).row
            throw Failure.guest(
                .cudaProof, "measure with nvbandwidth", "nvbandwidth did not pass (\(result.endingDescription)).",
                evidence: lines, remedy: row?.remedy ?? "Look at its output and at dmesg in the guest.",
                retryable: row?.retryable ?? false)
        }
        let measured = reading.testCases.filter { $0.status == .passed }
        let figures = ["host_to_device_memcpy_ce", "device_to_host_memcpy_ce"].compactMap { name in
            reading.testCase(name)?.sum.map { "\(name) \($0) GB/s" }
        }
        return ["nvbandwidth: \(measured.count) of \(reading.testCases.count) test cases measured"]
            + (figures.isEmpty ? [] : ["nvbandwidth: \(figures.joined(separator: ", "))"])
    }

    private func program(_ context: StepContext) async throws -> String {
        let root = context.root
        let given = archive.folder + "/nvbandwidth"
        let build = archive.folder + "/build"
        let marker = InstallMarker(name: "nvbandwidth-build")
        if archive.isThere(root) {
            if root.exists(given), !root.isDirectory(given) { return given }
            if root.exists(build + "/nvbandwidth"), !marker.isSet(root) { return build + "/nvbandwidth" }
        }
        guard builds else {
            throw Failure.guest(
                .cudaSamples, "find nvbandwidth", "nvbandwidth is not built in the image.",
                remedy: "Run the same command again.")
        }
        try await archive.unpack(context, step)
        if root.exists(given), !root.isDirectory(given) { return given }
        guard let source = archive.find(nil, holding: ["CMakeLists.txt"], root) else {
            throw Failure.guest(
                .cudaSamples, "build nvbandwidth",
                "\(identity.fileName) is neither a program nor sources with a CMakeLists.txt.",
                evidence: root.list(archive.folder).prefix(8).map { $0 }, remedy: "Give NVIDIA/nvbandwidth's sources.")
        }
        guard let toolkit = context.plan.recipe.cuda else {
            throw Failure.guest(
                .cudaSamples, "build nvbandwidth",
                "nvbandwidth's sources are built with a toolkit, and none is installed.",
                remedy: "Give a CUDA runfile as well, or nvbandwidth as a program.")
        }
        context.emit(.progress(step, message: "building nvbandwidth"))
        try marker.set(root)
        try root.removeTree(build)
        try await CMake(recipe: toolkit, name: "nvbandwidth").build(source, into: build, context, step)
        guard root.exists(build + "/nvbandwidth") else {
            throw Failure.guest(
                .cudaSamples, "build nvbandwidth", "The build left no program.",
                evidence: root.list(build).prefix(8).map { $0 }, remedy: "Give nvbandwidth as a program.")
        }
        try marker.clear(root)
        return build + "/nvbandwidth"
    }
}
