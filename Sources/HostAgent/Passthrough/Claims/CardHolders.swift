import Host

/// A process that has a device node of a card open.
public struct CardHolder: Codable, Hashable, Sendable, CustomStringConvertible {
    public var pid: Int32
    /// Its command's name, as the kernel keeps it (15 bytes at most).
    public var name: String
    public var node: String

    public var description: String { "process \(pid) (\(name)) has \(node) open" }
}

extension HostPCI {
    /// The nodes through which a host driver hands a card out: NVIDIA's own by the number that its driver gave the GPU, and
    /// the kernel's for displays. Sound is left out: its driver takes a card away from who has it open.
    func driverNodes(_ functions: [PCIAddress]) -> [String] {
        functions.flatMap { function in
            let information = tree.text("/proc/driver/nvidia/gpus/\(function)/information") ?? ""
            let minors = information.split(separator: "\n").filter { $0.hasPrefix("Device Minor:") }.compactMap {
                Int($0.split(whereSeparator: \.isWhitespace).last ?? "")
            }
            let displays = tree.list("\(Self.devices)/\(function)/drm").filter {
                $0.hasPrefix("card") && !$0.contains("-") || $0.hasPrefix("renderD")
            }
            return minors.map { "/dev/nvidia\($0)" } + displays.map { "/dev/dri/\($0)" }
        }
    }

    /// The nodes through which vfio-pci hands a card out, by group or (iommufd) by device.
    func vfioNodes(_ functions: [PCIAddress]) -> [String] {
        let groups = Set(functions.compactMap { tree.linkName("\(Self.devices)/\($0)/iommu_group") }).sorted()
        let devices = functions.flatMap { tree.list("\(Self.devices)/\($0)/vfio-dev") }
        return groups.map { "/dev/vfio/\($0)" } + devices.map { "/dev/vfio/devices/\($0)" }
    }

    /// Processes that have one of `nodes` open. Those of other users are seen by root only.
    func holders(of nodes: [String]) -> [CardHolder] {
        guard !nodes.isEmpty else { return [] }
        let wanted = Set(nodes)
        return tree.list("/proc").compactMap { Int32($0) }.sorted().flatMap { pid in
            let open = Set(
                tree.list("/proc/\(pid)/fd").compactMap { try? tree.link("/proc/\(pid)/fd/\($0)").get() }
            ).intersection(wanted)
            guard !open.isEmpty else { return [CardHolder]() }
            let name = tree.attribute("/proc/\(pid)/comm") ?? "?"
            return open.sorted().map { CardHolder(pid: pid, name: name, node: $0) }
        }
    }
}
