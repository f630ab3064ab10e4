/// What kind of log a text seems to be.
public enum LogKind: String, Codable, Sendable, CaseIterable {
    case driverInstaller, cudaInstaller, qemu, kernel, console, toolOutput, packageManager, journal, unknown

    /// For people: "the log of nvidia-installer".
    public var title: String {
        switch self {
        case .driverInstaller: "the log of nvidia-installer"
        case .cudaInstaller: "the log of a CUDA installer"
        case .qemu: "what QEMU printed"
        case .kernel: "a kernel log"
        case .console: "the console of a boot"
        case .toolOutput: "the output of an NVIDIA or CUDA tool"
        case .packageManager: "the output of a package manager"
        case .journal: "the guest agent's journal"
        case .unknown: "no log of a kind known here"
        }
    }

    /// Texts that stand in nearly every log of this kind. The kind whose marks are met most often wins; of equals, the
    /// one that comes first above.
    var marks: [LogPattern] {
        switch self {
        case .driverInstaller:
            [
                "nvidia-installer log file", "nvidia-installer command line", "installer version:",
                "Installing NVIDIA driver",
            ]
        case .cudaInstaller:
            ["[INFO]: ", "[ERROR]: ", "= Summary =", "cuda-installer", "Installing the CUDA Toolkit", "cuda_install_"]
        case .qemu: ["qemu-system-", "qemu-kvm:", "-device vfio-pci"]
        case .kernel: ["Linux version ", "NVRM: ", "] nvidia", "] pci ", "vfio-pci 0000:", "vfio_iommu"]
        case .console:
            [
                "SeaBIOS", "BdsDxe", "Welcome to GRUB", "systemd[1]:", "dracut", "[  OK  ]", "login:",
                "Loading initial ramdisk",
            ]
        case .toolOutput: ["NVIDIA-SMI", "CUDA Device Query", "Result = ", "[Bandwidth Test]", "cudaGetDeviceCount"]
        case .packageManager:
            [
                "E: ", "dpkg: ", "Reading package lists", "Loaded plugins:", "Last metadata expiration",
                ":: Synchronizing",
            ]
        case .journal: ["'event':", "'sequence':"]
        case .unknown: []
        }
    }
}
