import Contract
import GPUReadings
import Guest
import Probe

/// Asks libcuda for the GPUs' properties and measures copies, by a small program of the project's own. It needs no toolkit,
/// so that every guest with a driver proves that a CUDA program runs.
struct GPUProbe: Step {
    let id = StepID.gpuProbe
    let title = "ask libcuda and measure copies"
    let flavour = StepFlavour.proof
    /// False in the proof of a boot: what was compiled by then is run, and copies just enough to see that the bytes arrive. How fast
    /// they do was measured when the image was made.
    var builds = true

    /// The program, with its source beside it: the next agent compiles again where its own source differs.
    static let folder = StateFolder.path + "/gpu-probe"
    static let program = folder + "/gpu-probe"
    static let source = folder + "/gpu-probe.c"

    func check(_ context: StepContext) async throws -> CheckResult { .needed("the proof is made afresh") }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        isBuilt(context.root) ? [.run(command.line)] : [.run(Self.compilation("gcc").line), .run(command.line)]
    }

    func apply(_ context: StepContext) async throws -> ApplyResult { .applied }

    func verify(_ context: StepContext) async throws -> [String] {
        try await compile(context)
        let result = try await context.run(command, keeping: "gpu-probe", id)
        let reading: GPUProbeReading
        do {
            reading = try GPUProbeReading(parsing: result.output)
        } catch {
            throw Failure.guest(
                .gpuProbe, title, "gpu-probe gave no answer (\(result.endingDescription)).",
                evidence: (result.output + "\n" + result.errors).lines.lastLines(8),
                remedy: "Read the kernel's messages in the guest (dmesg).")
        }
        guard result.succeeded, reading.passed == true else { throw failure(reading, result) }
        try count(reading, context)
        var lines = evidence(reading)
        // With a toolkit it is the toolkit's proof that runs it.
        if let identity = context.plan.recipe.nvbandwidth, context.plan.recipe.toolkits.isEmpty {
            lines += try await NVBandwidth(identity: identity, step: id, builds: builds).verify(context)
        }
        return lines
    }

    // MARK: - Building

    private var command: Command {
        let brief = builds ? [] : ["--bytes", "1048576", "--repeat", "1"]
        return Command([Self.program] + brief + ["--timeout", "240"], deadline: .seconds(300))
    }

    /// gnu99: the compilers of old guests default to an older C.
    private static func compilation(_ compiler: String) -> Command {
        Command(
            [compiler, "-std=gnu99", "-O2", "-o", program + ".new", source, "-ldl"], deadline: .seconds(300),
            mergesErrors: true)
    }

    private func isBuilt(_ root: SystemRoot) -> Bool {
        root.textIfReadable(Self.source) == Probe.source && root.exists(Self.program)
    }

    private func compile(_ context: StepContext) async throws {
        let root = context.root
        guard !isBuilt(root) else { return }
        guard builds else {
            throw Failure.guest(
                .gpuProbe, "find gpu-probe", "gpu-probe is not built in the image.",
                remedy: "Run the same command again.")
        }
        guard let compiler = ["gcc", "cc"].first(where: { root.program($0) != nil }) else {
            throw Failure.guest(
                .gpuProbe, "compile gpu-probe", "There is no C compiler.", remedy: "Put gcc into the image.")
        }
        // The program goes first and comes last, by a rename: one that is there is whole and is of the source beside it.
        try root.remove(Self.program)
        try root.createDirectory(Self.folder, mode: 0o700)
        guard root.allowsPrograms(at: Self.folder) else {
            throw Failure.guest(
                .gpuProbe, "compile gpu-probe", "\(Self.folder) is on a file system that no program is run from.",
                evidence: ["\(Self.folder) is mounted noexec"], remedy: "Mount it without noexec in the image.")
        }
        try root.write(Probe.source, to: Self.source, mode: 0o600)
        let command = Self.compilation(compiler)
        let result = try await context.run(command, keeping: "gpu-probe-build", id)
        guard result.succeeded else {
            throw Failure.guest(
                .gpuProbe, "compile gpu-probe", "\(compiler) failed: \(result.endingDescription).",
                evidence: InstallerDiagnosis.compilerErrors(result.output.lines) + result.output.lines.lastLines(6),
                remedy: "Put a working gcc and the C library's headers into the image.")
        }
        root.sync()
        try root.move(Self.program + ".new", to: Self.program)
    }

    // MARK: - Judging

    private func count(_ reading: GPUProbeReading, _ context: StepContext) throws {
        // A card that is cut into MIG instances is one device at most, whatever it was cut into.
        guard !reading.devices.contains(where: { $0.isMIG == true }) else { return }
        let wanted = context.plan.recipe.gpus.reduce(0) { $0 + $1.count }
        guard reading.devices.count < wanted else { return }
        throw Failure.guest(
            .gpuProbe, title, "libcuda sees \(reading.devices.count) of \(wanted) GPUs.",
            evidence: reading.devices.map { "\($0.busID ?? "?") \($0.name ?? "?")" },
            remedy: "Look at CUDA_VISIBLE_DEVICES, nvidia-smi and dmesg in the guest.")
    }

    private func failure(_ reading: GPUProbeReading, _ result: CommandResult) -> Failure {
        let lines = reading.troubles.prefix(8).map(\.description)
        let library = reading.library.map { ["libcuda is \($0)"] } ?? []
        // The driver's and the runtime's numbers are the same ones: the rows know them by deviceQuery's words.
        let words = reading.troubles.compactMap(\.code).map { "cudaGetDeviceCount returned \($0)\n" }
        let row = InstallerDiagnosis(
            words.joined() + result.errors + "\n" + lines.joined(separator: "\n"), rows: InstallerDiagnosis.runTimeRows
        ).row
        let first = lines.first ?? result.endingDescription
        return .guest(
            .gpuProbe, title, row.map { "\($0.message) (\(first))" } ?? "gpu-probe did not pass: \(first).",
            evidence: lines + library + result.errors.lines.lastLines(6),
            remedy: row?.remedy ?? Self.remedy(reading.troubles.first), retryable: row?.retryable ?? false)
    }

    private static func remedy(_ trouble: GPUProbeReading.Trouble?) -> String {
        switch trouble?.call {
        case "dlopen", "dlsym": "Look for libcuda.so.1 in the guest (`ldconfig -p`); the driver installs it."
        case "compare": "The GPU or its PCIe link damages data: look at dmesg for Xid, and at the card's slot."
        default: "Read the kernel's messages in the guest (dmesg)."
        }
    }

    private func evidence(_ reading: GPUProbeReading) -> [String] {
        var lines = ["gpu-probe: a program ran on libcuda, which knows CUDA \(reading.driverVersion ?? "?")"]
        for device in reading.devices.prefix(16) {
            let figures = device.copies.compactMap { copy in
                copy.bytesPerSecond.map { "\(copy.direction.words) \(Self.gigabytes($0)) GB/s" }
            }
            lines.append(
                "gpu-probe: \(device.busID ?? "?") \(device.name ?? "?"), compute capability"
                    + " \(device.computeCapability ?? "?")")
            if !figures.isEmpty {
                // One copy of little is no measurement.
                let words = builds ? figures.joined(separator: ", ") : "copied to the device and back"
                lines.append("gpu-probe: \(words); bytes verified")
            }
        }
        return lines
    }

    /// With one decimal.
    private static func gigabytes(_ bytesPerSecond: Double) -> String {
        let tenths = Int64((min(max(bytesPerSecond, 0), 1e18) / 1e8).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

extension BandwidthTestReading.Direction {
    /// "host to device".
    fileprivate var words: String {
        switch self {
        case .hostToDevice: "host to device"
        case .deviceToHost: "device to host"
        case .deviceToDevice: "within the device"
        }
    }
}
