/// The two flavours of the driver's kernel modules, spelled as nvidia-installer does.
public enum KernelModuleFlavour: String, CaseIterable, Sendable {
    case open, proprietary

    /// What `modinfo -F license nvidia` says of it.
    public var license: String {
        switch self {
        case .open: "Dual MIT/GPL"
        case .proprietary: "NVIDIA"
        }
    }

    /// The first branch whose runfiles hold the open modules.
    static let firstWithOpenModules = ToolVersion(known: "515")
}

/// Which flavour of kernel modules to install, from what was asked for, the driver and the GPUs.
public enum KernelModuleChoice: Equatable, Sendable {
    /// The installer's own choice is as good: nobody asked, and the GPUs run with either or are not in the table.
    case installer
    /// This one, and why.
    case flavour(KernelModuleFlavour, String)
    /// Nothing that could work: why, and what would.
    case impossible(String, remedy: String)

    /// One GPU, by its PCI ids: four hex digits each.
    public struct Device: Hashable, Sendable {
        public var vendor: String
        public var device: String

        /// A GPU.
        public init(vendor: String, device: String) {
            self.vendor = vendor
            self.device = device
        }

        var name: String { "\(vendor):\(device)" }
    }

    /// Decides.
    ///
    /// - Parameters:
    ///   - driver: the driver to install.
    ///   - asked: what the user wants; it is taken, unless a GPU that is known cannot run with it.
    ///   - devices: the GPUs.
    ///   - recommended: the word of the installer itself, where it could be asked (570 and later).
    public static func decide(
        driver: ToolVersion, asked: KernelModuleFlavour?, devices: [Device], recommended: KernelModuleFlavour? = nil
    ) -> KernelModuleChoice {
        let known = Set(devices).sorted { $0.name < $1.name }.compactMap { device in
            GPUGeneration.of(vendor: device.vendor, device: device.device).map { (device, $0) }
        }
        for (device, generation) in known {
            if case .incompatible(let reason) = generation.verdict(driver: driver) {
                return .impossible(
                    "GPU \(device.name): \(reason)",
                    remedy: "Use a driver of branch \(generation.lastBranch ?? driver.major) or older.")
            }
        }
        let onlyOpen = known.first { $0.1.kernelModules == .open }
        let onlyProprietary = known.first { $0.1.kernelModules == .proprietary }
        if let open = onlyOpen, let proprietary = onlyProprietary {
            return .impossible(
                "GPU \(open.0.name) (\(open.1.name)) needs the open kernel modules, and GPU \(proprietary.0.name)"
                    + " (\(proprietary.1.name)) the proprietary ones.",
                remedy: "Give the VM GPUs of one kind.")
        }
        let hasOpen = driver >= KernelModuleFlavour.firstWithOpenModules
        if let (device, generation) = onlyOpen {
            guard asked != .proprietary else {
                return .impossible(
                    "GPU \(device.name) (\(generation.name)) does not work with the proprietary kernel modules.",
                    remedy: "Ask for the open ones, or for none: they are then chosen.")
            }
            guard hasOpen else {
                return .impossible(
                    "GPU \(device.name) (\(generation.name)) needs the open kernel modules, which driver \(driver)"
                        + " does not have.", remedy: "Use a newer driver.")
            }
            return .flavour(.open, "GPU \(device.name) (\(generation.name)) needs them")
        }
        if asked == .open {
            guard hasOpen else {
                return .impossible(
                    "Driver \(driver) has no open kernel modules; they came with 515.",
                    remedy: "Use a newer driver, or the proprietary modules.")
            }
            if let (device, generation) = onlyProprietary {
                return .impossible(
                    "GPU \(device.name) (\(generation.name)) does not work with the open kernel modules, which need a"
                        + " GPU system processor (Turing and later).",
                    remedy: "Ask for the proprietary ones, or for none: they are then chosen.")
            }
        }
        if let asked { return .flavour(asked, "asked for") }
        if let (device, generation) = onlyProprietary {
            return .flavour(.proprietary, "GPU \(device.name) (\(generation.name)) needs them")
        }
        return recommended.map { .flavour($0, "recommended by the installer") } ?? .installer
    }

    /// The flavour to name to the installer.
    public var flavour: KernelModuleFlavour? {
        if case .flavour(let flavour, _) = self { flavour } else { nil }
    }

    /// Reads the installer's answer to `--print-recommended-kernel-module-type`, which comes behind what unpacking says.
    public static func recommendation(in output: String) -> KernelModuleFlavour? {
        output.split { $0.isNewline }.reversed().lazy
            .compactMap { line in
                KernelModuleFlavour.allCases.first { line.split { $0.isWhitespace } == [Substring($0.rawValue)] }
            }.first
    }
}
