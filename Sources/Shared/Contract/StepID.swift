/// The name of a step, as it stands in the journal and the report. Open: another version may have other steps.
public struct StepID: RawRepresentable, Codable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A step by its name.
    public init(_ text: String) {
        self.rawValue = text
    }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public var description: String { rawValue }
}

extension StepID {
    /// Look at the machine: distribution, kernel, tools, GPUs. Changes nothing.
    public static let inspect = StepID("inspect")
    /// Grow the root partition and file system to the disk.
    public static let rootFilesystem = StepID("root-filesystem")
    /// Bring all packages up to date, as `yum update` does.
    public static let updatePackages = StepID("update-packages")
    /// Compiler, make, headers of the running kernel, by the guest's own package manager.
    public static let prerequisites = StepID("prerequisites")
    /// Blacklist nouveau in modprobe.d and on the kernel command line.
    public static let blacklistNouveau = StepID("blacklist-nouveau")
    /// Rebuild the initramfs and prove that nouveau is not in it.
    public static let initramfs = StepID("initramfs")
    /// Unload nouveau, or reboot where it will not go.
    public static let unloadNouveau = StepID("unload-nouveau")
    /// Run the driver's runfile.
    public static let driver = StepID("driver")
    /// Enable nvidia-persistenced.
    public static let persistenceDaemon = StepID("persistence-daemon")
    /// Prove the driver: device bound, module loaded, nvidia-smi answers.
    public static let proveDriver = StepID("prove-driver")
    /// Ask libcuda for the device's properties and measure copies, by a program of the project's own.
    public static let gpuProbe = StepID("gpu-probe")
    /// Run the CUDA runfile, toolkit and samples only.
    public static let cudaToolkit = StepID("cuda-toolkit")
    /// PATH and the loader's path, for login shells and for ldconfig.
    public static let environment = StepID("environment")
    /// Build and run deviceQuery and bandwidthTest.
    public static let proveCUDA = StepID("prove-cuda")
    /// Install and start the sampler that tells the host of the GPUs.
    public static let telemetry = StepID("telemetry")

    /// Run the toolkits' uninstallers.
    public static let undoToolkits = StepID("undo-toolkits")
    /// Run the driver's uninstaller.
    public static let undoDriver = StepID("undo-driver")
    /// Put files and boot arguments back.
    public static let undoFiles = StepID("undo-files")
    /// Put the initramfs images back.
    public static let undoInitramfs = StepID("undo-initramfs")
    /// Remove packages.
    public static let undoPackages = StepID("undo-packages")
    /// Forget what was changed.
    public static let undoRecords = StepID("undo-records")

    /// The step of a toolkit that is not the first: `cuda-toolkit` for the first, `cuda-toolkit-12.4` for others.
    public func of(_ toolkit: CUDARecipe, in recipe: Recipe) -> StepID {
        toolkit == recipe.cuda ? self : StepID("\(rawValue)-\(toolkit.version)")
    }
}
