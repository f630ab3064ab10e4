import Contract
public import Host

/// The host's PCI functions, read from sysfs. Reads only.
public struct HostPCI: Sendable {
    /// Where sysfs is.
    public let tree: any HostTree

    static let devices = "/sys/bus/pci/devices"
    static let groups = "/sys/kernel/iommu_groups"

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
        // What the kernel tells udev, for copies of sysfs that lack the single files or have folders in the links' place.
        let event = DeviceEvent(tree.text("\(folder)/uevent") ?? "")
        func number(_ name: String) -> UInt64? { hexadecimal(attribute: tree.attribute("\(folder)/\(name)")) }
        guard let vendor = number("vendor") ?? event.pair("PCI_ID")?.0,
            let device = number("device") ?? event.pair("PCI_ID")?.1,
            let classCode = number("class") ?? event.number("PCI_CLASS")
        else { return nil }
        func decimal(_ name: String) -> Int? { tree.attribute("\(folder)/\(name)").flatMap { Int($0) } }
        return HostPCIDevice(
            address: address, vendor: UInt16(truncatingIfNeeded: vendor), device: UInt16(truncatingIfNeeded: device),
            classCode: UInt32(truncatingIfNeeded: classCode),
            driver: tree.linkName("\(folder)/driver") ?? event["DRIVER"],
            iommuGroup: group(address, folder: folder),
            bars: barSizes(resource: tree.text("\(folder)/resource") ?? ""),
            subsystemVendor: (number("subsystem_vendor") ?? event.pair("PCI_SUBSYS_ID")?.0).map {
                UInt16(truncatingIfNeeded: $0)
            },
            subsystemDevice: (number("subsystem_device") ?? event.pair("PCI_SUBSYS_ID")?.1).map {
                UInt16(truncatingIfNeeded: $0)
            },
            isBootVGA: decimal("boot_vga") == 1,
            // -1 where the firmware does not tell.
            numaNode: decimal("numa_node").flatMap { $0 < 0 ? nil : $0 },
            // The kernel writes "(null)" where nothing was set.
            driverOverride: tree.attribute("\(folder)/driver_override").flatMap {
                $0.isEmpty || $0 == "(null)" ? nil : $0
            }, isVirtualFunction: (try? tree.link("\(folder)/physfn").get()) != nil)
    }

    /// The number of a function's IOMMU group: by its own link; by the groups' folders where a copy has lost it.
    private func group(_ address: PCIAddress, folder: String) -> Int? {
        if let number = tree.linkName("\(folder)/iommu_group").flatMap({ Int($0) }) { return number }
        return tree.list(Self.groups).compactMap { Int($0) }.sorted().first {
            tree.list("\(Self.groups)/\($0)/devices").contains { PCIAddress($0) == address }
        }
    }

    /// Every function in an IOMMU group, in order of address; empty where there is no such group. Throws as
    /// ``device(_:)`` does.
    public func groupMembers(_ group: Int) throws -> [HostPCIDevice] {
        try tree.list("\(Self.groups)/\(group)/devices").compactMap { PCIAddress($0) }.sorted().map {
            try device($0)
        }
    }
}

/// The text of a sysfs `uevent`: KEY=value, one a line.
private struct DeviceEvent {
    private var values: [Substring: Substring] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: "=", maxSplits: 1)
            if words.count == 2 { values[words[0]] = words[1] }
        }
    }

    subscript(key: String) -> String? { values[Substring(key)].map { String($0) } }

    /// `PCI_CLASS=30000`, hexadecimal without a prefix.
    func number(_ key: String) -> UInt64? { values[Substring(key)].flatMap { UInt64($0, radix: 16) } }

    /// `PCI_ID=10DE:1C82`.
    func pair(_ key: String) -> (UInt64, UInt64)? {
        let words = values[Substring(key)]?.split(separator: ":") ?? []
        guard words.count == 2, let one = UInt64(words[0], radix: 16), let two = UInt64(words[1], radix: 16) else {
            return nil
        }
        return (one, two)
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
        // 0 for a region of the whole address space, which no BAR is.
        return fields[1] - fields[0] &+ 1
    }
    return sizes + Array(repeating: 0, count: 6 - sizes.count)
}
