public import Passthrough

/// The address space that the BARs of a machine's cards need, computed from their sizes. Pure.
///
/// What QEMU and the firmware do without being told:
/// - QEMU's window for 64-bit BARs (`pci-hole64-size`) is 32 GiB on q35 (Q35_PCI_HOST_HOLE64_SIZE_DEFAULT, hw/pci-host/q35.c)
///   and 2 GiB on pc (I440FX_PCI_HOST_HOLE64_SIZE_DEFAULT, include/hw/pci-host/i440fx.h). ACPI tells the guest of it.
/// - OVMF's is 32 GiB as well, whatever QEMU's is, unless `opt/ovmf/X-PciMmio64Mb` says otherwise, in MiB and up to 16 TiB
///   (OvmfPkg/Library/PlatformInitLib/MemDetect.c, read at edk2 0d5afd18). It aligns the window's base to the window's size.
///   From edk2 202211 on it takes an eighth of the address space, and the larger of both, where it trusts the processor's
///   width: 41 bits or more, 36 or 39 of Intel's, 40 of AMD's; of more than 46 it uses 46, and 40 without pages of 1 GiB.
/// - SeaBIOS makes its own window as large as the BARs need (src/fw/pciinit.c, pci_bios_map_devices).
/// - QEMU ends at once with "phys-bits too low" where memory and window pass the processor's address bits
///   (hw/i386/pc.c, pc_memory_init).
public struct MemoryWindows: Codable, Equatable, Sendable {
    /// Bytes of the 64-bit window, a power of two; nil where the defaults suffice.
    public var high: UInt64?
    /// Bits of a physical address that the guest's processor needs to reach the window's end.
    public var addressBits: Int
    /// What the root port of each card has to keep free where the card is plugged in later, in the order of the cards.
    public var reserves: [PortReserve]

    /// Windows.
    public init(high: UInt64?, addressBits: Int, reserves: [PortReserve]) {
        self.high = high
        self.addressBits = addressBits
        self.reserves = reserves
    }

    /// QEMU's and OVMF's default window of q35, and QEMU's of pc.
    static func defaultHigh(_ machine: MachineType) -> UInt64 { machine == .q35 ? 32 << 30 : 2 << 30 }
    /// The largest window that OVMF takes: it ignores a larger number.
    static let firmwareLimit: UInt64 = 16 << 40
    /// Left for the machine's own devices, whose 64-bit BARs are some KiB each.
    static let ownDevices: UInt64 = 1 << 30

    /// What these cards need.
    ///
    /// - Parameters:
    ///   - cards: For each GPU the regions of all its functions, and whether it is plugged in while the guest runs.
    ///   - machine: On q35 each card is behind a root port of its own.
    ///   - memoryBytes: The guest's memory; the window begins above it.
    public static func needed(
        cards: [(regions: [PCIRegion], isAwaited: Bool)], machine: MachineType, memoryBytes: Int64
    ) -> MemoryWindows {
        let reserves = cards.map { PortReserve(regions: $0.regions) }
        // A port's window is aligned to its largest BAR, and windows do not overlap: large ones first, gaps are rare.
        let windows = zip(cards, reserves).map { card, reserve -> (size: UInt64, alignment: UInt64) in
            let sizes = card.regions.filter(\.isHigh).map(\.size)
            let largest = max(PortReserve.granularity, sizes.max() ?? 0)
            return (card.isAwaited ? reserve.prefetchable : sizes.reduce(0, +), largest)
        }
        let end = windows.sorted { $0.alignment > $1.alignment }.reduce(UInt64(0)) { end, window in
            alignedUp(end, to: window.alignment) + window.size
        }
        let needed = end + ownDevices
        let normal = defaultHigh(machine)
        let high = needed <= normal ? nil : powerOfTwo(notBelow: needed)
        let window = high ?? normal
        // At most all of the guest's memory lies above 4 GiB, and below 4 GiB there is none that counts.
        let top = alignedUp((4 << 30) + UInt64(max(0, memoryBytes)), to: window) + window
        return MemoryWindows(
            high: high, addressBits: UInt64.bitWidth - (top - 1).leadingZeroBitCount, reserves: reserves)
    }

    /// What to tell where the window cannot be had: the processor's address bits, or OVMF, end before it. One sentence each.
    ///
    /// - Parameter physicalBits: Of the guest's processor; nil where unknown. See ``physicalAddressBits(cpuinfo:)``.
    public func warnings(physicalBits: Int?, firmware: Firmware) -> [String] {
        guard let high else { return [] }
        var warnings: [String] = []
        if let physicalBits, addressBits > physicalBits {
            warnings.append(
                "The GPUs' memory needs a window of \(high >> 30) GiB, which ends beyond the \(physicalBits) address bits of"
                    + " this processor (it takes \(addressBits)): QEMU will refuse it. Pass fewer GPUs, or make their"
                    + " BAR1 smaller (Resizable BAR) in the host's firmware.")
        }
        if case .uefi = firmware, high > Self.firmwareLimit {
            warnings.append(
                "The GPUs' memory needs a window of \(high >> 40) TiB; OVMF makes none above 16 TiB. Pass fewer GPUs.")
        }
        return warnings
    }
}

/// What a root port keeps free for a card that is plugged in later (`mem-reserve`, `pref64-reserve` of pcie-root-port: a hint
/// that SeaBIOS and OVMF read from the port's vendor capability, docs/pcie_pci_bridge.txt of QEMU). Both are powers of two,
/// since OVMF rounds them up to one (OvmfPkg/PciHotPlugInitDxe, HighBitSetRoundUp64).
public struct PortReserve: Codable, Equatable, Sendable {
    /// Bytes below 4 GiB.
    public var memory: UInt64
    /// Bytes of 64-bit prefetchable memory.
    public var prefetchable: UInt64

    /// What a bridge's window is a multiple of.
    static let granularity: UInt64 = 1 << 20
    /// What both firmwares reserve without a hint.
    static let normal: UInt64 = 2 << 20

    /// A reserve.
    public init(memory: UInt64, prefetchable: UInt64) {
        self.memory = memory
        self.prefetchable = prefetchable
    }

    /// What these regions need together.
    public init(regions: [PCIRegion]) {
        func total(_ regions: [PCIRegion]) -> UInt64 { regions.reduce(0) { $0 + $1.size } }
        let memory = regions.filter(\.isMemory)
        self.init(
            memory: powerOfTwo(notBelow: max(Self.normal, total(memory.filter { !$0.isHigh }))),
            prefetchable: powerOfTwo(notBelow: max(Self.normal, total(memory.filter(\.isHigh)))))
    }
}

/// The processor's address bits, from /proc/cpuinfo: "address sizes	: 46 bits physical, 48 bits virtual".
public func physicalAddressBits(cpuinfo: String) -> Int? {
    guard let line = cpuinfo.split(separator: "\n").first(where: { $0.hasPrefix("address sizes") }),
        let words = line.split(separator: ":").last?.split(separator: " "), words.count > 2, words[2] == "physical,"
    else { return nil }
    return Int(words[0])
}

/// The bits that QEMU's own translator gives its processors (TCG_PHYS_ADDR_BITS, target/i386/tcg/helper-tcg.h).
let emulatedAddressBits = 40

private func alignedUp(_ value: UInt64, to alignment: UInt64) -> UInt64 {
    (value + alignment - 1) / alignment * alignment
}

private func powerOfTwo(notBelow value: UInt64) -> UInt64 {
    value <= 1 ? 1 : 1 << UInt64(UInt64.bitWidth - (value - 1).leadingZeroBitCount)
}
