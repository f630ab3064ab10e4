import Host

/// One address region of a PCI function: a BAR, or its ROM.
public struct PCIRegion: Codable, Equatable, Sendable {
    /// In bytes, a power of two.
    public var size: UInt64
    /// Memory; else I/O ports.
    public var isMemory: Bool
    /// May lie above 4 GiB.
    public var is64Bit: Bool
    public var isPrefetchable: Bool

    /// A region.
    public init(size: UInt64, isMemory: Bool = true, is64Bit: Bool, isPrefetchable: Bool) {
        self.size = size
        self.isMemory = isMemory
        self.is64Bit = is64Bit
        self.isPrefetchable = isPrefetchable
    }

    /// Whether a bridge takes it into its 64-bit window: the other one ends at 4 GiB (PCI-to-PCI bridge specification 1.2,
    /// 3.2.5.8 and 3.2.5.9).
    public var isHigh: Bool { isMemory && is64Bit && isPrefetchable }
}

extension HostPCI {
    /// The regions of a function, BARs and ROM, from sysfs `resource`; those that are not used are left out.
    public func regions(of address: PCIAddress) -> [PCIRegion] {
        pciRegions(resource: tree.text("\(Self.devices)/\(address)/resource") ?? "")
    }
}

/// Lines of "start end flags" in hexadecimal: six BARs and the ROM; what follows are windows of bridges. The flags are
/// Linux' (include/linux/ioport.h): IORESOURCE_IO 0x100, _MEM 0x200, _PREFETCH 0x2000, _MEM_64 0x100000.
func pciRegions(resource: String) -> [PCIRegion] {
    resource.split(separator: "\n").prefix(7).compactMap { line in
        let fields = line.split(separator: " ").compactMap { UInt64($0.dropFirst(2), radix: 16) }
        guard fields.count == 3, fields[1] > fields[0], fields[1] - fields[0] < UInt64.max else { return nil }
        let flags = fields[2]
        return PCIRegion(
            size: fields[1] - fields[0] + 1, isMemory: flags & 0x200 != 0, is64Bit: flags & 0x10_0000 != 0,
            isPrefetchable: flags & 0x2000 != 0)
    }
}
