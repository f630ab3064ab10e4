/// What the host asks the guest agent to make of its machine.
public struct Plan: Codable, Equatable, Sendable {
    /// ``ContractVersion/journal`` of the writer.
    public var schema: Int
    /// Names the run; a journal belongs to one run.
    public var runID: String
    /// What to make. Two plans with equal recipes are the same job.
    public var recipe: Recipe
    /// Where the runfiles are at the moment; not part of the job's identity, since a drive may move.
    public var payloads: [Payload]

    /// A plan in the current schema.
    public init(runID: String, recipe: Recipe, payloads: [Payload]) {
        self.schema = ContractVersion.journal
        self.runID = runID
        self.recipe = recipe
        self.payloads = payloads
    }
}

/// What the finished guest should be. Pure description: no paths of the host, no drive names.
public struct Recipe: Codable, Equatable, Sendable {
    /// Which installed kernels are to boot without nouveau.
    public enum Kernels: String, Codable, CaseIterable, Sendable {
        case all, running
    }

    /// The GPUs that the guest must see before the driver is installed.
    public var gpus: [ExpectedGPU]
    /// The driver to install, or nil to leave drivers alone.
    public var driver: DriverRecipe?
    /// The toolkits to install beside each other. The first is the one that login shells and services find.
    public var toolkits: [CUDARecipe]
    /// Samples of the user's own to prove CUDA with, where a runfile brings none.
    public var samples: PayloadIdentity?
    /// nvbandwidth, program or sources, to measure with as well.
    public var nvbandwidth: PayloadIdentity?
    /// Packages to install prerequisites from, without a network.
    public var offlinePackages: PayloadIdentity?
    /// Bring all packages up to date first, and reboot where that brought another kernel.
    public var updatePackages: Bool
    /// Refuse to replace the kernel where its headers are gone from the sources.
    public var keepKernel: Bool
    /// Kernels whose initramfs and boot entries are rid of nouveau.
    public var kernels: Kernels
    /// Go on where driver, CUDA or compiler do not fit each other; said as a warning in the report.
    public var allowIncompatible: Bool
    /// Grow the root partition and file system to the disk's size.
    public var growRootFilesystem: Bool
    /// Tell the host of the GPUs from now on; nil leaves a sampler that is there alone.
    public var telemetry: TelemetryRecipe?
    /// Take everything out again instead of installing; the rest of the recipe is then empty.
    public var undo: UndoRecipe?

    /// A recipe.
    public init(
        gpus: [ExpectedGPU], driver: DriverRecipe? = nil, toolkits: [CUDARecipe] = [],
        samples: PayloadIdentity? = nil, nvbandwidth: PayloadIdentity? = nil, offlinePackages: PayloadIdentity? = nil,
        updatePackages: Bool = false, keepKernel: Bool = false, kernels: Kernels = .all,
        allowIncompatible: Bool = false, growRootFilesystem: Bool = false,
        telemetry: TelemetryRecipe? = nil, undo: UndoRecipe? = nil
    ) {
        self.gpus = gpus
        self.driver = driver
        self.toolkits = toolkits
        self.samples = samples
        self.nvbandwidth = nvbandwidth
        self.offlinePackages = offlinePackages
        self.updatePackages = updatePackages
        self.keepKernel = keepKernel
        self.kernels = kernels
        self.allowIncompatible = allowIncompatible
        self.growRootFilesystem = growRootFilesystem
        self.telemetry = telemetry
        self.undo = undo
    }

    /// The toolkit that login shells and services find.
    public var cuda: CUDARecipe? { toolkits.first }

    private enum CodingKeys: String, CodingKey {
        case gpus, driver, toolkits, samples, nvbandwidth, offlinePackages, updatePackages, keepKernel, kernels,
            allowIncompatible, growRootFilesystem, telemetry, undo
        /// Schema 1 had one toolkit.
        case cuda
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        gpus = try values.decode([ExpectedGPU].self, forKey: .gpus)
        driver = try values.decodeIfPresent(DriverRecipe.self, forKey: .driver)
        toolkits =
            try values.decodeIfPresent([CUDARecipe].self, forKey: .toolkits)
            ?? (try values.decodeIfPresent(CUDARecipe.self, forKey: .cuda)).map { [$0] } ?? []
        samples = try values.decodeIfPresent(PayloadIdentity.self, forKey: .samples)
        nvbandwidth = try values.decodeIfPresent(PayloadIdentity.self, forKey: .nvbandwidth)
        offlinePackages = try values.decodeIfPresent(PayloadIdentity.self, forKey: .offlinePackages)
        updatePackages = try values.decodeIfPresent(Bool.self, forKey: .updatePackages) ?? false
        keepKernel = try values.decodeIfPresent(Bool.self, forKey: .keepKernel) ?? false
        kernels = try values.decodeIfPresent(Kernels.self, forKey: .kernels) ?? .all
        allowIncompatible = try values.decodeIfPresent(Bool.self, forKey: .allowIncompatible) ?? false
        growRootFilesystem = try values.decodeIfPresent(Bool.self, forKey: .growRootFilesystem) ?? false
        telemetry = try values.decodeIfPresent(TelemetryRecipe.self, forKey: .telemetry)
        undo = try values.decodeIfPresent(UndoRecipe.self, forKey: .undo)
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(gpus, forKey: .gpus)
        try values.encodeIfPresent(driver, forKey: .driver)
        try values.encode(toolkits, forKey: .toolkits)
        try values.encodeIfPresent(samples, forKey: .samples)
        try values.encodeIfPresent(nvbandwidth, forKey: .nvbandwidth)
        try values.encodeIfPresent(offlinePackages, forKey: .offlinePackages)
        try values.encode(updatePackages, forKey: .updatePackages)
        try values.encode(keepKernel, forKey: .keepKernel)
        try values.encode(kernels, forKey: .kernels)
        try values.encode(allowIncompatible, forKey: .allowIncompatible)
        try values.encode(growRootFilesystem, forKey: .growRootFilesystem)
        try values.encodeIfPresent(telemetry, forKey: .telemetry)
        try values.encodeIfPresent(undo, forKey: .undo)
    }
}

/// A sampler of the GPUs that the guest starts at each boot.
public struct TelemetryRecipe: Codable, Equatable, Sendable {
    /// How often nvidia-smi is asked to tell, in seconds.
    public var intervalSeconds: Double

    /// A sampler.
    public init(intervalSeconds: Double = 1) {
        self.intervalSeconds = intervalSeconds
    }

    /// The intervals that nvidia-smi can be asked for, in seconds.
    public static let intervals = 0.1...3600.0
}

/// How much is to be taken out again.
public struct UndoRecipe: Codable, Equatable, Sendable {
    /// Remove the packages, too, that this agent had installed.
    public var packages: Bool

    /// An undo.
    public init(packages: Bool = false) {
        self.packages = packages
    }
}

/// A payload by what it is, wherever it lies at the moment.
public struct PayloadIdentity: Codable, Equatable, Sendable {
    /// Its own name.
    public var fileName: String
    /// SHA-256 of the whole file, lower-case hex.
    public var sha256: String

    /// A payload's identity.
    public init(fileName: String, sha256: String) {
        self.fileName = fileName
        self.sha256 = sha256
    }
}

/// One GPU (or several alike) that the guest must see on its PCI bus.
public struct ExpectedGPU: Codable, Equatable, Sendable {
    /// PCI vendor, four lower-case hex digits: "10de", or "1234" for QEMU's edu device.
    public var vendor: String
    /// PCI device, four lower-case hex digits, or nil for any GPU of that vendor (class 0300 or 0302).
    public var device: String?
    /// How many of them.
    public var count: Int
    /// True for a stand-in (QEMU's edu). Every report made with one says so.
    public var simulated: Bool

    /// A GPU, or several alike.
    public init(vendor: String, device: String?, count: Int, simulated: Bool) {
        self.vendor = vendor
        self.device = device
        self.count = count
        self.simulated = simulated
    }

    /// The simulated GPU: QEMU's `edu` device.
    public static let simulated = ExpectedGPU(vendor: "1234", device: "11e8", count: 1, simulated: true)
}

/// The driver runfile, as read from its header.
public struct DriverRecipe: Codable, Equatable, Sendable {
    /// As in the header's `version_string`: "470.256.02".
    public var version: String
    /// SHA-256 of the whole runfile, lower-case hex.
    public var sha256: String
    /// Register the module with DKMS where the guest has it.
    public var dkms: Bool
    /// The flavour of the kernel modules; nil lets the device and the installer decide.
    public var kernelModules: KernelModuleType?
    /// Signs the modules for a guest with Secure Boot.
    public var signing: ModuleSigning?
    /// Enable nvidia-persistenced.
    public var persistenceDaemon: Bool

    /// A driver to install.
    public init(
        version: String, sha256: String, dkms: Bool = true, kernelModules: KernelModuleType? = nil,
        signing: ModuleSigning? = nil, persistenceDaemon: Bool = false
    ) {
        self.version = version
        self.sha256 = sha256
        self.dkms = dkms
        self.kernelModules = kernelModules
        self.signing = signing
        self.persistenceDaemon = persistenceDaemon
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        version = try values.decode(String.self, forKey: .version)
        sha256 = try values.decode(String.self, forKey: .sha256)
        dkms = try values.decode(Bool.self, forKey: .dkms)
        kernelModules = try values.decodeIfPresent(KernelModuleType.self, forKey: .kernelModules)
        signing = try values.decodeIfPresent(ModuleSigning.self, forKey: .signing)
        persistenceDaemon = try values.decodeIfPresent(Bool.self, forKey: .persistenceDaemon) ?? false
    }
}

/// The two flavours of the driver's kernel modules.
public enum KernelModuleType: String, Codable, CaseIterable, Sendable {
    case open, proprietary
}

/// The user's own key, whose certificate the guest's firmware knows. Both travel as payloads; the key is never stored in
/// the guest.
public struct ModuleSigning: Codable, Equatable, Sendable {
    /// The private key, PEM.
    public var key: PayloadIdentity
    /// The certificate, DER or PEM.
    public var certificate: PayloadIdentity

    /// A pair.
    public init(key: PayloadIdentity, certificate: PayloadIdentity) {
        self.key = key
        self.certificate = certificate
    }
}

/// The CUDA runfile, as read from its name and header.
public struct CUDARecipe: Codable, Equatable, Sendable {
    /// Toolkit version as in the file name: "11.4.4", "9.1.85".
    public var version: String
    /// SHA-256 of the whole runfile, lower-case hex.
    public var sha256: String
    /// Where the toolkit goes; /usr/local/cuda-MAJOR.MINOR unless told.
    public var toolkitPath: String
    /// Whether this runfile carries the samples (up to 11.5).
    public var samples: Bool
    /// Patch runfiles, in the order in which they are applied.
    public var patches: [PayloadIdentity]

    /// A toolkit to install.
    public init(
        version: String, sha256: String, toolkitPath: String, samples: Bool, patches: [PayloadIdentity] = []
    ) {
        self.version = version
        self.sha256 = sha256
        self.toolkitPath = toolkitPath
        self.samples = samples
        self.patches = patches
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        version = try values.decode(String.self, forKey: .version)
        sha256 = try values.decode(String.self, forKey: .sha256)
        toolkitPath = try values.decode(String.self, forKey: .toolkitPath)
        samples = try values.decode(Bool.self, forKey: .samples)
        patches = try values.decodeIfPresent([PayloadIdentity].self, forKey: .patches) ?? []
    }
}

/// One file for the guest, and how the guest finds it.
public struct Payload: Codable, Equatable, Sendable {
    /// What a payload is for.
    public enum Role: String, Codable, Sendable {
        case driver, cuda
        /// A patch of a CUDA toolkit, a runfile as well.
        case cudaPatch
        /// The user's own samples: a tar archive, compressed or not.
        case samples
        /// nvbandwidth: a program, or a tar archive of its sources.
        case nvbandwidth
        /// A tar archive of .deb, .rpm or .pkg.tar files.
        case packages
        /// What modules are signed with.
        case signingKey, signingCertificate
    }

    /// Where a payload is.
    public enum Location: Codable, Equatable, Sendable {
        /// A read-only drive whose serial number is this; the guest reads exactly `size` bytes of it, since a drive is
        /// rounded up to whole sectors.
        case drive(serial: String)
        /// A file in the guest, uploaded before.
        case file(path: String)
    }

    /// What it is for.
    public var role: Role
    /// The runfile's own name; the CUDA version is only there (facts: "The .run formats").
    public var fileName: String
    /// Bytes.
    public var size: Int64
    /// SHA-256 of the whole file, lower-case hex.
    public var sha256: String
    /// SHA-256 of the first MiB (or of all of it, when shorter).
    public var headSHA256: String
    /// SHA-256 of the last MiB (or of all of it, when shorter).
    public var tailSHA256: String
    /// How the guest finds it.
    public var location: Location

    /// A payload.
    public init(
        role: Role, fileName: String, size: Int64, sha256: String, headSHA256: String, tailSHA256: String,
        location: Location
    ) {
        self.role = role
        self.fileName = fileName
        self.size = size
        self.sha256 = sha256
        self.headSHA256 = headSHA256
        self.tailSHA256 = tailSHA256
        self.location = location
    }

    /// Bytes of head and tail that are digested in the guest.
    public static let edge: Int64 = 1 << 20
}
