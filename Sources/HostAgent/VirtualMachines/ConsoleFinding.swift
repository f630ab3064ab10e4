public import Contract

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

    /// First match wins.
    static let table: [(text: String, finding: ConsoleFinding)] = [
        ("Kernel panic - not syncing", .kernelPanic),
        ("end Kernel panic", .kernelPanic),
        ("No bootable device", .noBootableDevice),
        // OVMF, when it has tried everything.
        ("No bootable option or device was found", .noBootableDevice),
        ("grub rescue>", .bootLoader),
        ("Entering rescue mode...", .bootLoader),
        ("Minimal BASH-like line editing is supported", .bootLoader),
        ("Gave up waiting for root", .rootNotFound),
        ("dracut-initqueue timeout", .rootNotFound),
        ("dracut Warning: Could not boot", .rootNotFound),
        ("You are in emergency mode", .emergencyMode),
        ("Give root password for maintenance", .emergencyMode),
        ("Entering emergency mode", .emergencyMode),
    ]
}
