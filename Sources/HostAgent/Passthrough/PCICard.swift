/// A whole card: all functions of one slot (GPU, HDMI audio, USB-C, UCSI), and what shares an IOMMU group with any of them.
/// It goes to a VM as a whole or not at all.
public struct PCICard: Codable, Equatable, Sendable {
    /// The function that was named; of a GPU usually function 0.
    public var primary: HostPCIDevice
    /// The other functions of the slot, in order. Virtual functions are none of them: they come and go with their physical
    /// one.
    public var companions: [HostPCIDevice]
    /// Members of the functions' IOMMU groups that are neither part of the card nor bridges: they belong to somebody else.
    public var groupMates: [HostPCIDevice]

    /// A card.
    public init(primary: HostPCIDevice, companions: [HostPCIDevice], groupMates: [HostPCIDevice]) {
        self.primary = primary
        self.companions = companions
        self.groupMates = groupMates
    }

    /// All functions, in order of address.
    public var functions: [HostPCIDevice] { ([primary] + companions).sorted { $0.address < $1.address } }

    /// The IOMMU groups that its functions are in, in order; empty where the IOMMU is off.
    public var groups: [Int] { Set(functions.compactMap(\.iommuGroup)).sorted() }
}

extension HostPCI {
    /// The card that `address` is a function of. Throws as ``device(_:)`` does.
    public func card(_ address: PCIAddress) throws -> PCICard {
        try device(address).card(among: allDevices())
    }
}

extension HostPCIDevice {
    /// The card that it is a function of, given all functions of the host.
    public func card(among all: [HostPCIDevice]) -> PCICard {
        let companions = all.filter {
            $0.address != address && $0.address.isSameSlot(as: address) && !isVirtualFunction && !$0.isVirtualFunction
        }
        let functions = Set([address] + companions.map(\.address))
        let groups = Set(([self] + companions).compactMap(\.iommuGroup))
        // By each function's own link: a copied tree may lack /sys/kernel/iommu_groups.
        let mates = all.filter { device in
            guard let group = device.iommuGroup, groups.contains(group) else { return false }
            return !device.isBridge && !functions.contains(device.address)
        }
        return PCICard(primary: self, companions: companions, groupMates: mates)
    }
}
