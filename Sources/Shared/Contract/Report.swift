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
    /// The machine that ran already, where there was no VM of ours. ``image`` and ``vm`` then describe it as far as they
    /// can, for readers of older schemas.
    public var attached: AttachedSection?
    public var host: HostSection
    public var image: ImageSection
    public var vm: VMSection
    public var guest: GuestFacts?
    public var steps: [StepSection]
    /// Every boot of the guest, the proof boot last.
    public var boots: [BootSection]
    public var gpus: [GPUSection]
    /// The driver, where the run is about one.
    public var driver: DriverSection?
    /// What the project's own gpu-probe found and measured through libcuda.
    public var probe: ProbeSection?
    /// The toolkit that login shells and services find: the first of ``toolkits``.
    public var cuda: CUDASection?
    /// All toolkits, in the order in which they were asked for.
    public var toolkits: [CUDASection]
    /// What nvbandwidth measured, where it was given.
    public var nvbandwidth: NVBandwidthSection?
    public var proofBoot: ProofBootSection?
    /// The guest's sampler, where the run is about one.
    public var telemetry: TelemetrySection?
    public var warnings: [String]
    /// All failures, the decisive one first; empty on success.
    public var failures: [Failure]
    /// Folder with what each tool printed, the journal and QEMU's logs.
    public var runFolder: String

    /// A report in the current schema.
    public init(
        outcome: Outcome, simulated: Bool, runID: String, startedAt: Double, finishedAt: Double, host: HostSection,
        image: ImageSection, vm: VMSection, guest: GuestFacts?, steps: [StepSection], boots: [BootSection],
        gpus: [GPUSection], driver: DriverSection?, probe: ProbeSection?, toolkits: [CUDASection],
        nvbandwidth: NVBandwidthSection?, proofBoot: ProofBootSection?, warnings: [String], failures: [Failure],
        runFolder: String, attached: AttachedSection? = nil, telemetry: TelemetrySection? = nil
    ) {
        self.schema = ContractVersion.report
        self.tool = ContractVersion.tool
        self.outcome = outcome
        self.simulated = simulated
        self.runID = runID
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.durationSeconds = max(0, finishedAt - startedAt)
        self.attached = attached
        self.host = host
        self.image = image
        self.vm = vm
        self.guest = guest
        self.steps = steps
        self.boots = boots
        self.gpus = gpus
        self.driver = driver
        self.probe = probe
        self.cuda = toolkits.first
        self.toolkits = toolkits
        self.nvbandwidth = nvbandwidth
        self.proofBoot = proofBoot
        self.telemetry = telemetry
        self.warnings = warnings
        self.failures = failures
        self.runFolder = runFolder
    }
}

extension Report {
    /// Reads schema 1, too, which had one toolkit.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        schema = try values.decode(Int.self, forKey: .schema)
        tool = try values.decode(String.self, forKey: .tool)
        outcome = try values.decode(Outcome.self, forKey: .outcome)
        simulated = try values.decode(Bool.self, forKey: .simulated)
        runID = try values.decode(String.self, forKey: .runID)
        startedAt = try values.decode(Double.self, forKey: .startedAt)
        finishedAt = try values.decode(Double.self, forKey: .finishedAt)
        durationSeconds = try values.decode(Double.self, forKey: .durationSeconds)
        attached = try values.decodeIfPresent(AttachedSection.self, forKey: .attached)
        host = try values.decode(HostSection.self, forKey: .host)
        image = try values.decode(ImageSection.self, forKey: .image)
        vm = try values.decode(VMSection.self, forKey: .vm)
        guest = try values.decodeIfPresent(GuestFacts.self, forKey: .guest)
        steps = try values.decode([StepSection].self, forKey: .steps)
        boots = try values.decode([BootSection].self, forKey: .boots)
        gpus = try values.decode([GPUSection].self, forKey: .gpus)
        driver = try values.decodeIfPresent(DriverSection.self, forKey: .driver)
        probe = try values.decodeIfPresent(ProbeSection.self, forKey: .probe)
        cuda = try values.decodeIfPresent(CUDASection.self, forKey: .cuda)
        toolkits = try values.decodeIfPresent([CUDASection].self, forKey: .toolkits) ?? cuda.map { [$0] } ?? []
        nvbandwidth = try values.decodeIfPresent(NVBandwidthSection.self, forKey: .nvbandwidth)
        proofBoot = try values.decodeIfPresent(ProofBootSection.self, forKey: .proofBoot)
        telemetry = try values.decodeIfPresent(TelemetrySection.self, forKey: .telemetry)
        warnings = try values.decode([String].self, forKey: .warnings)
        failures = try values.decode([Failure].self, forKey: .failures)
        runFolder = try values.decode(String.self, forKey: .runFolder)
    }
}

/// A machine that ran already when the run began: a VM of somebody else's, a cloud instance, bare metal.
public struct AttachedSection: Codable, Equatable, Sendable {
    public var user: String
    public var host: String
    public var port: UInt16
    /// Fingerprint of its host key: "SHA256:…".
    public var hostKey: String
    /// What it calls itself.
    public var name: String
    /// As systemd-detect-virt says: "kvm", "amazon", "none" for bare metal; empty where it cannot say.
    public var virtualization: String
    /// Bytes of files that went over the network, all tries together.
    public var bytesSent: Int64
    /// The folder in the machine where the files were left; nil where they were removed.
    public var payloadFolder: String?
    /// Whether it was rebooted at the end and proven again. Without that, the proof is of a boot in which things were
    /// installed. No cold boot is ever made of a running machine.
    public var provenByReboot: Bool

    public init(
        user: String, host: String, port: UInt16, hostKey: String, name: String, virtualization: String,
        bytesSent: Int64, payloadFolder: String?, provenByReboot: Bool
    ) {
        self.user = user
        self.host = host
        self.port = port
        self.hostKey = hostKey
        self.name = name
        self.virtualization = virtualization
        self.bytesSent = bytesSent
        self.payloadFolder = payloadFolder
        self.provenByReboot = provenByReboot
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

/// The driver, as the guest showed it.
public struct DriverSection: Codable, Equatable, Sendable {
    /// As asked for.
    public var version: String
    /// "open" or "proprietary", as the loaded module says.
    public var kernelModules: String?
    /// Whether nvidia-persistenced is enabled; nil where that was not asked for.
    public var persistenceDaemon: Bool?

    public init(version: String, kernelModules: String? = nil, persistenceDaemon: Bool? = nil) {
        self.version = version
        self.kernelModules = kernelModules
        self.persistenceDaemon = persistenceDaemon
    }
}

/// The sampler that tells the host of the guest's GPUs.
public struct TelemetrySection: Codable, Equatable, Sendable {
    /// Its unit in the guest.
    public var unit: String
    /// How often nvidia-smi is asked to tell, in seconds.
    public var intervalSeconds: Double
    /// Whether it is enabled and was seen running.
    public var enabled: Bool

    public init(unit: String, intervalSeconds: Double, enabled: Bool) {
        self.unit = unit
        self.intervalSeconds = intervalSeconds
        self.enabled = enabled
    }

    /// The unit's name.
    public static let unit = "gpu-guest-agent-telemetry.service"
}

/// What gpu-probe said: no toolkit is needed for it, so that every guest with a driver has it.
public struct ProbeSection: Codable, Equatable, Sendable {
    /// A GPU, or a MIG instance.
    public struct Device: Codable, Equatable, Sendable {
        public var name: String?
        public var uuid: String?
        public var busID: String?
        public var computeCapability: String?
        public var memoryTotalBytes: Int64?
        public var memoryFreeBytes: Int64?
        public var multiprocessors: Int?
        public var clockMHz: Double?
        public var memoryClockMHz: Double?
        public var eccEnabled: Bool?
        /// Bytes per second, pinned memory; within the device each byte counts twice, as bandwidthTest counts.
        public var hostToDeviceBytesPerSecond: Double?
        public var deviceToHostBytesPerSecond: Double?
        public var deviceToDeviceBytesPerSecond: Double?
        /// Whether what was copied arrived as it was sent; nil where nothing was copied.
        public var verified: Bool?

        public init() {}
    }

    /// Its own verdict; nil where it gave none.
    public var passed: Bool?
    /// Newest CUDA that the driver supports, as libcuda says.
    public var driverCUDAVersion: String?
    public var devices: [Device]
    /// Calls that failed, a line each.
    public var errors: [String]

    public init(passed: Bool?, driverCUDAVersion: String?, devices: [Device], errors: [String]) {
        self.passed = passed
        self.driverCUDAVersion = driverCUDAVersion
        self.devices = devices
        self.errors = errors
    }
}

/// What nvbandwidth said.
public struct NVBandwidthSection: Codable, Equatable, Sendable {
    /// One test case; bandwidths are sums over all devices.
    public struct TestCase: Codable, Equatable, Sendable {
        /// "host_to_device_memcpy_ce".
        public var name: String
        /// "passed", "waived", "failed" or "unknown".
        public var status: String
        /// The sum of its matrix, in 10^9 bytes per second (nanoseconds in latency tests).
        public var sum: Double?

        public init(name: String, status: String, sum: Double?) {
            self.name = name
            self.status = status
            self.sum = sum
        }
    }

    public var passed: Bool
    public var version: String?
    public var testCases: [TestCase]

    public init(passed: Bool, version: String?, testCases: [TestCase]) {
        self.passed = passed
        self.version = version
        self.testCases = testCases
    }
}

/// CUDA, as its own tools showed it.
public struct CUDASection: Codable, Equatable, Sendable {
    /// Toolkit version as asked for.
    public var version: String
    public var toolkitPath: String
    /// File names of the patches that were asked for, in their order; nil for none.
    public var patches: [String]?
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
