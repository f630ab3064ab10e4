import Contract
public import Host

/// The host's PCI functions, read from sysfs. Reads only.
public struct HostPCI: Sendable {
    /// Where sysfs is.
    public let tree: any HostTree

    static let devices = "/sys/bus/pci/devices"

    /// Reads from `tree`.
    public init(_ tree: any HostTree = LiveHost()) {
        self.tree = tree
    }

    /// Every function, in order of address. One that sysfs does not describe is left out: it went away meanwhile.
    public func allDevices() -> [HostPCIDevice] {
        tree.list(Self.devices).compactMap { PCIAddress($0) }.sorted().compactMap { read($0) }
    }

    /// Reads one function. Throws a ``Failure`` with ``FailureCode/gpuUnavailable`` where there is none, or where sysfs
    /// does not say what it is.
    public func device(_ address: PCIAddress) throws -> HostPCIDevice {
        guard let device = read(address) else {
            throw Failure(
                .gpuUnavailable, operation: "find the GPU \(address)",
                message: "This machine has no PCI device \(address).",
                evidence: ["\(Self.devices)/\(address)/{vendor,device,class} cannot be read"],
                remedy: "List the machine's GPUs with `provision-gpu-vm gpus`.", side: .host)
        }
        return device
    }

    private func read(_ address: PCIAddress) -> HostPCIDevice? {
        let folder = "\(Self.devices)/\(address)"
        func number(_ name: String) -> UInt64? { hexadecimal(attribute: tree.attribute("\(folder)/\(name)")) }
        guard let vendor = number("vendor"), let device = number("device"), let classCode = number("class") else {
            return nil
        }
        func decimal(_ name: String) -> Int? { tree.attribute("\(folder)/\(name)").flatMap { Int($0) } }
        return HostPCIDevice(
            address: address, vendor: UInt16(truncatingIfNeeded: vendor), device: UInt16(truncatingIfNeeded: device),
            classCode: UInt32(truncatingIfNeeded: classCode), driver: tree.linkName("\(folder)/driver"),
            iommuGroup: tree.linkName("\(folder)/iommu_group").flatMap { Int($0) },
            bars: barSizes(resource: tree.text("\(folder)/resource") ?? ""),
            subsystemVendor: number("subsystem_vendor").map { UInt16(truncatingIfNeeded: $0) },
            subsystemDevice: number("subsystem_device").map { UInt16(truncatingIfNeeded: $0) },
            isBootVGA: decimal("boot_vga") == 1,
            // -1 where the firmware does not tell.
            numaNode: decimal("numa_node").flatMap { $0 < 0 ? nil : $0 },
            // The kernel writes "(null)" where nothing was set.
            driverOverride: tree.attribute("\(folder)/driver_override").flatMap {
                $0.isEmpty || $0 == "(null)" ? nil : $0
            })
    }

    /// Every function in an IOMMU group, in order of address; empty where there is no such group. Throws as
    /// ``device(_:)`` does.
    public func groupMembers(_ group: Int) throws -> [HostPCIDevice] {
        try tree.list("/sys/kernel/iommu_groups/\(group)/devices").compactMap { PCIAddress($0) }.sorted().map {
            try device($0)
        }
    }
}

/// "0x10de" as a number; nil for anything else.
private func hexadecimal(attribute: String?) -> UInt64? {
    guard let attribute, attribute.hasPrefix("0x") else { return nil }
    return UInt64(attribute.dropFirst(2), radix: 16)
}

/// Sizes of the six BARs from the text of sysfs `resource`: one line per region, "start end flags" in hexadecimal.
/// The lines after the sixth are the ROM and bridge windows.
func barSizes(resource: String) -> [UInt64] {
    let sizes = resource.split(separator: "\n").prefix(6).map { line -> UInt64 in
        let fields = line.split(separator: " ").map { UInt64($0.dropFirst(2), radix: 16) ?? 0 }
        guard fields.count >= 2, fields[1] > fields[0] else { return 0 }
        return fields[1] - fields[0] + 1
    }
    return sizes + Array(repeating: 0, count: 6 - sizes.count)
}
