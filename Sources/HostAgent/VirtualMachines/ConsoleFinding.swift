public import Contract
import FailureCatalogue

/// What a line on the guest's console says about a boot that will not come to an end.
public enum ConsoleFinding: String, Equatable, Sendable, CaseIterable {
    case kernelPanic
    /// The firmware found nothing to start.
    case noBootableDevice
    /// GRUB cannot find its own files.
    case bootLoader
    /// The initramfs waits in vain for the root device, or gave up.
    case rootNotFound
    /// systemd stopped the boot and asks for root's password.
    case emergencyMode

    /// vm.panicked or vm.did-not-boot.
    public var code: FailureCode { self == .kernelPanic ? .guestPanicked : .guestDidNotBoot }

    /// One sentence.
    public var message: String {
        switch self {
        case .kernelPanic: "The guest's kernel panicked."
        case .noBootableDevice: "The firmware found nothing to boot on the image."
        case .bootLoader: "The guest's boot loader cannot find its files."
        case .rootNotFound: "The guest's initramfs does not find the root file system."
        case .emergencyMode: "The guest's boot ended in emergency mode."
        }
    }

    /// What to do, given how the disk is attached now.
    public func remedy(diskBus: DiskBus) -> String {
        switch self {
        case .kernelPanic:
            return "Read the console's last lines. If it cannot mount root, its initramfs may lack the disk's driver: "
                + Self.otherBus(diskBus)
        case .noBootableDevice:
            return "Is it a bootable disk image? If it is made for UEFI, choose that firmware (--firmware uefi)."
        case .bootLoader:
            return "Boot the image elsewhere and reinstall its boot loader; or " + Self.otherBus(diskBus)
        case .rootNotFound:
            return "Its initramfs may lack the disk's driver: " + Self.otherBus(diskBus)
        case .emergencyMode:
            return "Read the console's last lines: a file system of /etc/fstab is missing or damaged."
        }
    }

    private static func otherBus(_ bus: DiskBus) -> String {
        bus == .virtio
            ? "try --disk-bus sata (or ide with --machine pc)." : "try another --disk-bus than \(bus.rawValue)."
    }

    /// The catalogue's entries (FailureArea.boot) that say so.
    private static let entries: [String: ConsoleFinding] = [
        "boot.kernel-panic": .kernelPanic,
        "boot.root-not-mounted": .kernelPanic,
        "boot.no-bootable-device": .noBootableDevice,
        "boot.boot-loader": .bootLoader,
        "boot.root-not-found": .rootNotFound,
        "boot.emergency-mode": .emergencyMode,
    ]

    /// Whether the kernel itself says so: services speak of panics, too.
    private static func isPanic(_ line: String) -> Bool {
        let line = line.lowercased()
        return line.contains("kernel panic - not syncing") || line.contains("end kernel panic")
    }

    /// What a line of the console says; nil for nothing that ends a boot.
    init?(line: String) {
        let finding = FailureCatalogue.explain(line, name: "serial.log", areas: [.boot]).findings.lazy
            .filter { $0.name != "boot.kernel-panic" || Self.isPanic(line) }
            .compactMap { Self.entries[$0.name] }.first
        guard let finding else { return nil }
        self = finding
    }
}
