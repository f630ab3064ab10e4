import Contract
import FoundationEssentials

/// The host's PCI functions, read from sysfs. Reads only: binding and releasing are not here.
public struct SysfsPCI: Sendable {
    /// Where the tree starts, with a slash at its end: "/" on a host, a fixture's folder in a test.
    public let root: String

    /// Reads below `root`.
    public init(root: String = "/") {
        self.root = root.hasSuffix("/") ? root : root + "/"
    }

    /// Reads one function. Throws a ``Failure`` with ``FailureCode/gpuUnavailable`` where there is none, or where sysfs
    /// does not say what it is.
    public func device(_ address: PCIAddress) throws -> HostPCIDevice {
        let folder = root + "sys/bus/pci/devices/\(address)"
        guard let vendor = number(folder + "/vendor"), let device = number(folder + "/device"),
            let classCode = number(folder + "/class")
        else {
            throw Failure(
                .gpuUnavailable, operation: "find the GPU \(address)",
                message: "This machine has no PCI device \(address).",
                evidence: ["\(folder)/{vendor,device,class} cannot be read"],
                remedy: "List the machine's GPUs with `lspci -Dnn -d ::0300` and `lspci -Dnn -d ::0302`.", side: .host)
        }
        return HostPCIDevice(
            address: address, vendor: UInt16(truncatingIfNeeded: vendor), device: UInt16(truncatingIfNeeded: device),
            classCode: UInt32(truncatingIfNeeded: classCode), driver: linkName(folder + "/driver"),
            iommuGroup: linkName(folder + "/iommu_group").flatMap { Int($0) },
            bars: barSizes(resource: text(folder + "/resource") ?? ""))
    }

    /// Every function in an IOMMU group, in order of address; empty where there is no such group. Throws as
    /// ``device(_:)`` does.
    public func groupMembers(_ group: Int) throws -> [HostPCIDevice] {
        let folder = root + "sys/kernel/iommu_groups/\(group)/devices"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return try names.sorted().compactMap { PCIAddress($0) }.map { try device($0) }
    }

    private func text(_ path: String) -> String? {
        guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func number(_ path: String) -> UInt64? {
        guard let line = text(path)?.split(whereSeparator: \.isWhitespace).first, line.hasPrefix("0x") else {
            return nil
        }
        return UInt64(line.dropFirst(2), radix: 16)
    }

    private func linkName(_ path: String) -> String? {
        guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { return nil }
        return target.split(separator: "/").last.map { String($0) }
    }
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
