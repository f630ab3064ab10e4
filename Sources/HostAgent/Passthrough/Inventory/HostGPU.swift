/// One NVIDIA GPU of the host: what a person or a script needs to know to choose it. Schema in
/// Documentation/schemas/gpus.md.
public struct HostGPU: Codable, Equatable, Sendable {
    /// One region of memory or ports.
    public struct BAR: Codable, Equatable, Sendable {
        /// 0 to 5.
        public var index: Int
        public var bytes: UInt64

        /// A region.
        public init(index: Int, bytes: UInt64) {
            self.index = index
            self.bytes = bytes
        }
    }

    /// A PCI function, in short.
    public struct Function: Codable, Equatable, Sendable {
        public var address: PCIAddress
        /// "VGA", "audio", "USB", "UCSI", "PCI bridge" …
        public var kind: String
        /// Four hexadecimal digits, as lspci -n prints them.
        public var vendorID: String
        public var deviceID: String
        /// From pci.ids.
        public var name: String?
        public var driver: String?
        public var iommuGroup: Int?
    }

    /// What a member of the GPU's IOMMU groups is to the card.
    public enum Relation: String, Codable, Sendable {
        /// A function of the card: it goes to the VM with it.
        case card
        /// Stays on the host and does no harm.
        case bridge
        /// Somebody else's: the group cannot be passed through while it is on a host driver.
        case other
    }

    /// A member of the GPU's IOMMU groups.
    public struct GroupMember: Codable, Equatable, Sendable {
        public var relation: Relation
        public var function: Function
    }

    /// Place in the order of addresses, from 0. It changes when cards are added; the address stays.
    public var index: Int
    public var address: PCIAddress
    /// "VGA" or "3D".
    public var kind: String
    /// Four hexadecimal digits, as lspci -n prints them.
    public var vendorID: String
    public var deviceID: String
    public var subsystemVendorID: String?
    public var subsystemDeviceID: String?
    /// "GP107 [GeForce GTX 1050 Ti]", from pci.ids; the driver's name of it where the host has no such list.
    public var name: String?
    /// The board or its maker, from pci.ids.
    public var subsystemName: String?
    public var driver: String?
    /// Nil where the IOMMU is off.
    public var iommuGroup: Int?
    /// All members of the groups that functions of the card are in, in order.
    public var groupMembers: [GroupMember]
    /// The card's other functions.
    public var companions: [Function]
    public var bars: [BAR]
    /// Whether the firmware drew its screen with it.
    public var bootVGA: Bool
    public var numaNode: Int?
    /// Who uses it.
    public var holders: [GPUHolder]
    /// Whether somebody besides the persistence daemon uses it.
    public var held: Bool
}

extension HostGPU {
    /// The name by which it is sold: "GeForce GTX 1050 Ti" of "GP107 [GeForce GTX 1050 Ti]"; else the whole name.
    public var marketingName: String? {
        guard let name else { return nil }
        guard let open = name.firstIndex(of: "["), name.hasSuffix("]") else { return name }
        return String(name[name.index(after: open)...].dropLast())
    }

    /// Whether its group holds devices of somebody else's, on host drivers: it cannot be passed through as it is.
    public var sharesGroup: Bool {
        groupMembers.contains { member in
            guard member.relation == .other, let driver = member.function.driver else { return false }
            return !driver.hasSuffix("vfio-pci") && !driver.hasSuffix("vfio_pci")
        }
    }

    /// The name, or the ids where there is none.
    public var title: String { name ?? "\(vendorID):\(deviceID)" }

    /// What speaks against using it unasked: "the boot display", "held by …"; empty for a free one.
    public var reservations: [String] {
        (bootVGA ? ["the boot display"] : [])
            + (held
                ? ["in use by " + holders.filter { $0.kind != .persistenceDaemon }.map(\.title).joined(separator: ", ")]
                : [])
    }
}

extension GPUHolder {
    /// "VM web (qemu-system-x86 4711)", "python3 (815)".
    public var title: String {
        switch kind {
        case .vm: "VM \(vm.map { "\($0) " } ?? "")(\(name) \(pid))"
        // The kernel keeps fifteen bytes of a name.
        case .persistenceDaemon: "nvidia-persistenced (\(pid))"
        case .process: "\(name) (\(pid))"
        }
    }
}

/// Four hexadecimal digits.
func hexadecimalID(_ id: UInt16) -> String {
    let digits = String(id, radix: 16)
    return String(repeating: "0", count: 4 - digits.utf8.count) + digits
}
