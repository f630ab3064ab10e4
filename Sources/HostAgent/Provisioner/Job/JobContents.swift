public import Contract

/// What goes into the guest, or comes out of it again. Paths are absolute, and of this host.
public struct JobContents: Codable, Equatable, Sendable {
    /// The user's own pair, with which kernel modules are signed.
    public struct Signing: Codable, Equatable, Sendable {
        /// The private key, PEM, without a passphrase.
        public var key: String
        /// The certificate, DER or PEM.
        public var certificate: String

        /// A pair of files.
        public init(key: String, certificate: String) {
            self.key = key
            self.certificate = certificate
        }
    }

    /// The driver's runfile; nil leaves drivers alone.
    public var driver: String?
    /// CUDA runfiles, the default toolkit first.
    public var cuda: [String] = []
    /// Patch runfiles; each finds its toolkit by its version.
    public var cudaPatches: [String] = []
    /// CUDA samples: a folder or a tar archive.
    public var samples: String?
    /// nvbandwidth: a program, a tar archive of its sources, or their folder.
    public var nvbandwidth: String?
    /// A folder of packages to install prerequisites from, without a network.
    public var offlinePackages: String?
    /// Bring all packages up to date first.
    public var updatePackages = false
    /// Refuse to replace the kernel.
    public var keepKernel = false
    /// Kernels that are rid of nouveau.
    public var kernels = Recipe.Kernels.all
    /// Nil: as the device and the driver's installer have it.
    public var kernelModules: KernelModuleType?
    public var signing: Signing?
    public var persistenceDaemon = false
    /// Tell this host of the GPUs from then on, in this interval; nil changes nothing.
    public var telemetry: TelemetryRecipe?
    /// Register the driver's module with DKMS where the guest has it.
    public var dkms = true
    /// Go on although versions do not fit.
    public var allowIncompatible = false
    /// Take driver and toolkits out instead; the rest is then empty.
    public var undo: UndoRecipe?

    /// Leave nothing in the result that makes it one machine, so that each copy of its disk, and each overlay on it, becomes a
    /// machine of its own at its first boot.
    public var generalise: Bool {
        get { generalised ?? false }
        set { generalised = newValue ? true : nil }
    }

    /// Nil in the records of versions that could not.
    private var generalised: Bool?

    /// Nothing yet; what is wanted is set.
    public init() {}

    /// Whether NVIDIA's runfiles are among it.
    public var hasRunfiles: Bool { driver != nil || !cuda.isEmpty || !cudaPatches.isEmpty }
}
