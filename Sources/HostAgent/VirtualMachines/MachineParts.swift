public import Passthrough

/// What runs the guest's instructions.
public enum Accelerator: String, Codable, Sendable {
    /// The host's processor, through /dev/kvm.
    case kvm
    /// QEMU's own translator: works everywhere, an order of magnitude slower.
    case tcg
}

/// The guest's chipset.
public enum MachineType: String, Codable, Sendable, CaseIterable {
    /// PCI Express (2009): what a GPU expects.
    case q35
    /// i440FX (1996), plain PCI: for images that know nothing newer.
    case pc
}

/// How the root disk is attached. Old images lack the driver for virtio in their initramfs.
public enum DiskBus: String, Codable, Sendable, CaseIterable {
    case virtio
    /// AHCI.
    case sata
    /// virtio-scsi.
    case scsi
    /// The PIIX controller; machine type `pc` only.
    case ide
}

/// The guest's network card.
public enum NICModel: String, Codable, Sendable, CaseIterable {
    case virtio
    /// Intel 82540EM: known to every system since 2003.
    case e1000
    /// Intel 82574L.
    case e1000e

    /// QEMU's name for it.
    public var device: String { self == .virtio ? "virtio-net-pci" : rawValue }
}

/// What starts the guest's boot loader.
public enum Firmware: Codable, Equatable, Sendable {
    /// SeaBIOS.
    case bios
    /// OVMF: the read-only code, and the variables file, which is written and stays with the VM.
    case uefi(code: String, variables: String)
}

/// Where a person can see the guest's screen. Never beyond this host: tunnel to it.
public enum Display: Codable, Equatable, Sendable {
    case none
    /// VNC on 127.0.0.1, TCP port 5900 + `display`.
    case vncLoopback(display: Int)
    /// VNC on a unix socket.
    case vncSocket(path: String)
}

/// The GPU, or what stands in for it.
public enum GPUAttachment: Codable, Equatable, Sendable {
    /// QEMU's `edu` device (1234:11e8): no GPU is needed.
    case simulated
    /// A GPU of the host that is bound to vfio-pci, and the functions that go with it (audio, USB-C), functions 1 and up.
    ///
    /// In the guest they are functions of one slot, under the numbers that they have on the host; where that leaves none for
    /// number 0, which a PCI device cannot do without, they are counted from there, the GPU first.
    case vfio(PCIAddress, companions: [PCIAddress])
    /// An empty root port: the GPU is plugged in while the guest runs. The port keeps ``MemoryWindows/reserves`` free.
    case awaited
}

extension GPUAttachment {
    /// The GPU itself on the host; nil for none.
    public var primary: PCIAddress? {
        if case .vfio(let address, _) = self { address } else { nil }
    }

    /// The functions by their numbers in the guest, in order. Pure.
    var functions: [(number: Int, address: PCIAddress)] {
        guard case .vfio(let primary, let companions) = self else { return [] }
        let all = [primary] + companions
        let oneSlot = companions.allSatisfy { $0.isSameSlot(as: primary) }
        if oneSlot && all.contains(where: { $0.function == 0 }) {
            return all.sorted().map { (Int($0.function), $0) }
        }
        return all.enumerated().map { ($0, $1) }
    }
}

/// A file shown to the guest as a read-only drive of its own.
public struct PayloadDrive: Codable, Equatable, Sendable {
    /// The file, absolute. The guest sees it rounded up to whole sectors of 512 bytes.
    public var path: String
    /// How the guest tells drives apart (/sys/block/…/serial): at most ``serialLimit`` bytes, virtio-blk's limit.
    public var serial: String

    /// The most bytes of a serial that virtio-blk hands to the guest (VIRTIO_BLK_ID_BYTES); more are cut off in silence.
    public static let serialLimit = 20

    /// A drive.
    public init(path: String, serial: String) {
        self.path = path
        self.serial = serial
    }
}
