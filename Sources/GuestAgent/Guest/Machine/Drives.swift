import SystemPackage

/// The guest's disks, by the serial number that the host gave them.
public struct Drives: Sendable {
    private let root: SystemRoot

    /// Disks of the machine with this root.
    public init(_ root: SystemRoot) {
        self.root = root
    }

    /// The device node of the drive with this serial, nil where there is none.
    ///
    /// virtio-blk and NVMe show it in sysfs. For SCSI and SATA udev's names end with it.
    public func find(serial: String) -> String? {
        for name in root.list("/sys/block") {
            for attribute in ["serial", "device/serial"]
            where root.attribute("/sys/block/\(name)/\(attribute)") == serial {
                return "/dev/\(name)"
            }
        }
        let name = root.list("/dev/disk/by-id").first { $0.hasSuffix("_\(serial)") || $0.hasSuffix("-\(serial)") }
        return name.map { "/dev/disk/by-id/\($0)" }
    }

    /// Serial numbers that are there, for the evidence of a failure.
    public var serials: [String] {
        root.list("/sys/block").compactMap { name in
            root.attribute("/sys/block/\(name)/serial").map { "/dev/\(name): serial \($0.isEmpty ? "(none)" : $0)" }
        }
    }

    /// Copies the first `size` bytes of `source` to the new file `target`, readable by root alone. A drive is longer than
    /// what was put on it: it is rounded up to whole sectors.
    public func copy(_ source: String, size: Int64, to target: String, progress: (Int64) -> Void = { _ in }) throws {
        let input = try FileDescriptor.open(FilePath(root.real(source)), .readOnly, options: [.closeOnExec])
        try input.closeAfter {
            let output = try FileDescriptor.open(
                FilePath(root.real(target)), .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerRead, .ownerWrite])
            try output.closeAfter {
                var chunk = [UInt8](repeating: 0, count: 1 << 20)
                var copied: Int64 = 0
                while copied < size {
                    let count = try chunk.withUnsafeMutableBytes { try input.read(into: $0) }
                    guard count > 0 else { throw Errno.ioError }  // shorter than promised
                    let wanted = Int(min(Int64(count), size - copied))
                    try output.writeAll(chunk[..<wanted])
                    copied += Int64(wanted)
                    progress(copied)
                }
            }
        }
    }
}
