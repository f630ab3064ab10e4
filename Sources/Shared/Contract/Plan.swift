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
    /// The GPUs that the guest must see before the driver is installed.
    public var gpus: [ExpectedGPU]
    /// The driver to install, or nil to leave drivers alone.
    public var driver: DriverRecipe?
    /// The toolkit to install, or nil for none.
    public var cuda: CUDARecipe?
    /// Go on where driver, CUDA or compiler do not fit each other; said as a warning in the report.
    public var allowIncompatible: Bool
    /// Grow the root partition and file system to the disk's size.
    public var growRootFilesystem: Bool

    /// A recipe.
    public init(
        gpus: [ExpectedGPU], driver: DriverRecipe?, cuda: CUDARecipe?, allowIncompatible: Bool = false,
        growRootFilesystem: Bool = false
    ) {
        self.gpus = gpus
        self.driver = driver
        self.cuda = cuda
        self.allowIncompatible = allowIncompatible
        self.growRootFilesystem = growRootFilesystem
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

    /// A driver to install.
    public init(version: String, sha256: String, dkms: Bool = true) {
        self.version = version
        self.sha256 = sha256
        self.dkms = dkms
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

    /// A toolkit to install.
    public init(version: String, sha256: String, toolkitPath: String, samples: Bool) {
        self.version = version
        self.sha256 = sha256
        self.toolkitPath = toolkitPath
        self.samples = samples
    }
}

/// One runfile, and how the guest finds it.
public struct Payload: Codable, Equatable, Sendable {
    /// What a payload is for.
    public enum Role: String, Codable, Sendable {
        case driver, cuda
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
