/// What a run made, and the proof of it. One JSON document; the schema is Documentation/schemas/report.md.
///
/// Sizes are bytes, durations seconds, times seconds since 1970, temperatures degrees Celsius, power watts.
public struct Report: Codable, Equatable, Sendable {
    /// How a run ended.
    public enum Outcome: String, Codable, Sendable {
        /// The result is published and proven.
        case provisioned
        /// IMAGE already was what was asked for; nothing was written.
        case unchanged
        /// Driver and toolkits are out again; the result is published.
        case undone
        case failed
    }

    /// ``ContractVersion/report`` of the writer.
    public var schema: Int
    /// ``ContractVersion/tool`` of the writer.
    public var tool: String
    public var outcome: Outcome
    /// True where a stand-in took the GPU's place: nothing in this report says anything about a real GPU.
    public var simulated: Bool
    /// Names the run and its folder.
    public var runID: String
    public var startedAt: Double
    public var finishedAt: Double
    /// Wall-clock seconds from the first command to the end, time between continued commands included.
    public var durationSeconds: Double
    public var host: HostSection
    public var image: ImageSection
    public var vm: VMSection
    public var guest: GuestFacts?
    public var steps: [StepSection]
    /// Every boot of the guest, the proof boot last.
    public var boots: [BootSection]
    public var gpus: [GPUSection]
    public var cuda: CUDASection?
    public var proofBoot: ProofBootSection?
    public var warnings: [String]
    /// All failures, the decisive one first; empty on success.
    public var failures: [Failure]
    /// Folder with what each tool printed, the journal and QEMU's logs.
    public var runFolder: String

    /// A report in the current schema.
    public init(
        outcome: Outcome, simulated: Bool, runID: String, startedAt: Double, finishedAt: Double, host: HostSection,
        image: ImageSection, vm: VMSection, guest: GuestFacts?, steps: [StepSection], boots: [BootSection],
        gpus: [GPUSection], cuda: CUDASection?, proofBoot: ProofBootSection?, warnings: [String], failures: [Failure],
        runFolder: String
    ) {
        self.schema = ContractVersion.report
        self.tool = ContractVersion.tool
        self.outcome = outcome
        self.simulated = simulated
        self.runID = runID
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.durationSeconds = max(0, finishedAt - startedAt)
        self.host = host
        self.image = image
        self.vm = vm
        self.guest = guest
        self.steps = steps
        self.boots = boots
        self.gpus = gpus
        self.cuda = cuda
        self.proofBoot = proofBoot
        self.warnings = warnings
        self.failures = failures
        self.runFolder = runFolder
    }
}

/// The machine that ran QEMU.
public struct HostSection: Codable, Equatable, Sendable {
    public var kernel: String
    public var architecture: String
    /// As QEMU prints it: "7.2.22".
    public var qemu: String
    /// "kvm" or "tcg".
    public var accelerator: String
    /// Why, where TCG was chosen.
    public var acceleratorReason: String

    public init(kernel: String, architecture: String, qemu: String, accelerator: String, acceleratorReason: String) {
        self.kernel = kernel
        self.architecture = architecture
        self.qemu = qemu
        self.accelerator = accelerator
        self.acceleratorReason = acceleratorReason
    }
}

/// What went in and what came out.
public struct ImageSection: Codable, Equatable, Sendable {
    /// IMAGE, absolute.
    public var path: String
    /// "qcow2", "raw", "vmdk", "vdi" or "vpc"/"vhdx", as qemu-img says.
    public var format: String
    /// The disk's size in the guest.
    public var virtualSize: Int64
    /// The published result; nil where nothing was published.
    public var result: String?
    /// Bytes that the result takes on disk.
    public var resultSize: Int64?
    /// The file that the result needs to stay where it is; nil for a standalone one.
    public var backing: String?

    public init(
        path: String, format: String, virtualSize: Int64, result: String? = nil, resultSize: Int64? = nil,
        backing: String? = nil
    ) {
        self.path = path
        self.format = format
        self.virtualSize = virtualSize
        self.result = result
        self.resultSize = resultSize
        self.backing = backing
    }
}

/// The virtual machine as it was started.
public struct VMSection: Codable, Equatable, Sendable {
    public var machine: String
    public var firmware: String
    public var cpus: Int
    public var memoryBytes: Int64
    public var diskBus: String
    public var nic: String
    /// Whether the hypervisor's signature was hidden (drivers older than 465).
    public var hypervisorHidden: Bool
    /// QEMU's arguments, as they were.
    public var arguments: [String]

    public init(
        machine: String, firmware: String, cpus: Int, memoryBytes: Int64, diskBus: String, nic: String,
        hypervisorHidden: Bool, arguments: [String]
    ) {
        self.machine = machine
        self.firmware = firmware
        self.cpus = cpus
        self.memoryBytes = memoryBytes
        self.diskBus = diskBus
        self.nic = nic
        self.hypervisorHidden = hypervisorHidden
        self.arguments = arguments
    }
}

/// One step of the guest's plan.
public struct StepSection: Codable, Equatable, Sendable {
    /// How a step ended.
    public enum Outcome: String, Codable, Sendable {
        /// It changed the machine and its proof passed.
        case applied
        /// It was done already.
        case satisfied
        case failed
        /// The run ended before it.
        case notReached
    }

    public var id: StepID
    public var outcome: Outcome
    /// Why it was applied; nil where it was not.
    public var reason: String?
    /// Seconds, reboots included.
    public var durationSeconds: Double
    /// The guest's proof, a line each.
    public var evidence: [String]
    /// Reboots that this step needed.
    public var reboots: Int

    public init(
        id: StepID, outcome: Outcome, reason: String? = nil, durationSeconds: Double = 0, evidence: [String] = [],
        reboots: Int = 0
    ) {
        self.id = id
        self.outcome = outcome
        self.reason = reason
        self.durationSeconds = durationSeconds
        self.evidence = evidence
        self.reboots = reboots
    }
}

/// One boot of the guest.
public struct BootSection: Codable, Equatable, Sendable {
    /// Why: "first boot", a step's reason for a reboot, "proof boot".
    public var reason: String
    /// The kernel's boot id.
    public var bootID: String
    /// Seconds from power-on or reboot until SSH answered; nil where the host was away.
    public var secondsToSSH: Double?

    public init(reason: String, bootID: String, secondsToSSH: Double?) {
        self.reason = reason
        self.bootID = bootID
        self.secondsToSSH = secondsToSSH
    }
}

/// A GPU as nvidia-smi showed it in the guest. Every value may be absent: tools and GPUs differ.
public struct GPUSection: Codable, Equatable, Sendable {
    public var name: String?
    public var uuid: String?
    public var busID: String?
    /// The kernel driver bound to it.
    public var boundDriver: String?
    public var driverVersion: String?
    /// Newest CUDA that the driver supports, as nvidia-smi says.
    public var driverCUDAVersion: String?
    public var temperatureCelsius: Double?
    public var shutdownTemperatureCelsius: Double?
    public var slowdownTemperatureCelsius: Double?
    public var fanPercent: Double?
    public var powerDrawWatts: Double?
    public var powerLimitWatts: Double?
    public var memoryTotalBytes: Int64?
    public var memoryUsedBytes: Int64?
    public var utilizationPercent: Double?
    public var graphicsClockMHz: Double?
    public var memoryClockMHz: Double?
    public var performanceState: String?
    /// "6.1", from deviceQuery.
    public var computeCapability: String?

    public init() {}
}

/// CUDA, as its own tools showed it.
public struct CUDASection: Codable, Equatable, Sendable {
    /// Toolkit version as asked for.
    public var version: String
    public var toolkitPath: String
    /// Last lines of `nvcc --version`.
    public var nvcc: String?
    /// Driver's and runtime's CUDA version as deviceQuery says.
    public var driverVersion: String?
    public var runtimeVersion: String?
    /// Whether deviceQuery and bandwidthTest ended with `Result = PASS`; nil where they were not run.
    public var deviceQueryPassed: Bool?
    public var bandwidthTestPassed: Bool?
    /// Devices that deviceQuery found.
    public var devices: Int?
    /// Bytes per second, pinned memory.
    public var hostToDeviceBytesPerSecond: Double?
    public var deviceToHostBytesPerSecond: Double?
    public var deviceToDeviceBytesPerSecond: Double?
    /// Why there is no proof by samples, where there is none.
    public var note: String?

    public init(version: String, toolkitPath: String) {
        self.version = version
        self.toolkitPath = toolkitPath
    }
}

/// The cold boot of a throwaway overlay of the result.
public struct ProofBootSection: Codable, Equatable, Sendable {
    public var passed: Bool
    public var evidence: [String]
    public var durationSeconds: Double

    public init(passed: Bool, evidence: [String], durationSeconds: Double) {
        self.passed = passed
        self.evidence = evidence
        self.durationSeconds = durationSeconds
    }
}
