import Contract
import Guest

/// Proves the driver: bound, loaded, and answering.
struct ProveDriver: Step {
    let id = StepID.proveDriver
    let title = "prove the NVIDIA driver"
    let flavour = StepFlavour.proof
    /// False in the proof of a boot: an image must load the module by itself, and what the tools print is the provisioning's to
    /// keep. Each program less is a good part of a second in a guest that has just booted, more under emulation.
    var loads = true

    func check(_ context: StepContext) async throws -> CheckResult { .needed("the proof is made afresh") }

    func apply(_ context: StepContext) async throws -> ApplyResult { .applied }

    func verify(_ context: StepContext) async throws -> [String] {
        let modules = KernelModules(context.guest)
        var evidence: [String] = []
        if !loads && modules.entry("nvidia") == nil {
            // udev loads it, and may not be done yet.
            _ = try await context.run(Command(["udevadm", "settle", "--timeout=60"], deadline: .seconds(90)))
            guard modules.entry("nvidia") != nil else {
                throw failure(
                    "The image does not load the nvidia module by itself.", .driverLoad,
                    try await kernelMessages(context))
            }
        }
        if modules.entry("nvidia") == nil {
            // The installer's test load may have been undone.
            let result = try await modules.load("nvidia")
            guard modules.entry("nvidia") != nil else {
                throw failure(
                    "The nvidia module does not load.", .driverLoad,
                    result.errors.lines.lastLines(5) + (try await kernelMessages(context)))
            }
        }
        evidence.append("/proc/modules has nvidia")
        let loaded = context.root.attribute("/sys/module/nvidia/version")
        if let loaded, let wanted = context.plan.recipe.driver?.version, loaded != wanted {
            throw failure(
                "The nvidia module in the kernel is of version \(loaded), not \(wanted).", .driverProof,
                ["/sys/module/nvidia/version: \(loaded)"])
        }
        evidence += try boundGPUs(context)
        if loads {
            // Once more, now that the driver has the GPU: the report's facts are those of the finished machine.
            context.emit(.inspected(try await context.guest.facts(gpus: context.plan.recipe.gpus)))
        }

        let version = context.root.attribute("/proc/driver/nvidia/version")
        if let version {
            context.emit(.output(id, .file("proc-driver-nvidia-version", "/proc/driver/nvidia/version", version)))
            evidence.append(version.lines.first ?? version)
        }
        let uvm = try await modules.load("nvidia-uvm")
        if !uvm.succeeded {
            context.emit(.warning(id, message: "nvidia-uvm does not load: \(uvm.errors.trimmed)"))
        }

        let smi = Command(["nvidia-smi"], deadline: .seconds(180))
        let result = try await context.run(smi, keeping: "nvidia-smi", id)
        guard result.succeeded else {
            let words = (result.output + "\n" + result.errors).lines.lastLines(8)
            throw failure(
                "nvidia-smi failed: \(result.endingDescription).", .driverProof,
                words + (try await kernelMessages(context)))
        }
        // Old ones say so and end with 0.
        guard !(result.output + result.errors).contains("No devices were found") else {
            throw failure(
                "nvidia-smi sees no GPU.", .driverProof,
                ["nvidia-smi: No devices were found"] + (try await kernelMessages(context)))
        }
        evidence.append("nvidia-smi: exit status 0")
        if loads { try await keepOutputs(context) }
        return evidence
    }

    /// What the report shows of the driver, beyond its proof.
    private func keepOutputs(_ context: StepContext) async throws {
        _ = try await context.run(
            Command(["nvidia-smi", "-q", "-x"], deadline: .seconds(180)), keeping: "nvidia-smi-q-x", id)
        _ = try await context.run(
            Command(["nvidia-smi", "-q", "-d", "TEMPERATURE"], deadline: .seconds(180)),
            keeping: "nvidia-smi-q-d-temperature", id)
        let lspci = Command(["lspci", "-nnk"])
        let devices = try await context.run(lspci)
        if devices.succeeded { context.emit(.output(id, ToolOutput(name: "lspci-k", command: lspci, result: devices))) }
    }

    private func boundGPUs(_ context: StepContext) throws -> [String] {
        let bus = PCIBus(context.root)
        let missing = bus.missing(context.plan.recipe.gpus)
        let gpus = bus.gpus(context.plan.recipe.gpus)
        guard missing.isEmpty else {
            throw failure("A GPU is gone.", .gpuNotVisible, missing)
        }
        let others = gpus.filter { $0.driver != "nvidia" }
        guard others.isEmpty else {
            throw failure(
                "A GPU is not bound to the nvidia driver.", .driverProof,
                others.map { "\($0.address) \($0.vendor):\($0.device): driver \($0.driver ?? "none")" })
        }
        return gpus.map { "\($0.address) \($0.vendor):\($0.device) is bound to nvidia" }
    }

    /// What the driver said to the kernel's log.
    private func kernelMessages(_ context: StepContext) async throws -> [String] {
        try await context.run(Command(["dmesg"])).output.lines
            .filter { $0.contains("NVRM") || $0.contains("nvidia") || $0.contains("Xid") }.lastLines(8)
    }

    private func failure(_ message: String, _ code: FailureCode, _ evidence: [String]) -> Failure {
        let row = InstallerDiagnosis(evidence.joined(separator: "\n"), rows: InstallerDiagnosis.runTimeRows).row
        return .guest(
            row?.code ?? code, title, row.map { "\(message) \($0.message)" } ?? message, evidence: evidence,
            remedy: row?.remedy ?? "Read the kernel's messages in the guest (dmesg).",
            retryable: row?.retryable ?? false)
    }
}
