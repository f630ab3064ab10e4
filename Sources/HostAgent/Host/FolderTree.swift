import Glibc
public import SystemPackage

/// The files below a folder, as a host's: "/" on the running machine, a copy of another's in a test or a bug report.
public struct FolderTree: HostTree {
    private let base: String

    /// The files below `root`. Probes are answered by ``LiveHost`` alone.
    public init(root: String) {
        base = root.hasSuffix("/") ? String(root.dropLast()) : root
    }

    public func read(_ path: String, limit: Int) -> Result<[UInt8], Errno> {
        do {
            let file = try FileDescriptor.open(FilePath(base + path), .readOnly, options: [.closeOnExec, .nonBlocking])
            return .success(
                try file.closeAfter {
                    var bytes: [UInt8] = []
                    while bytes.count < limit {
                        let part = try [UInt8](unsafeUninitializedCapacity: min(64 << 10, limit - bytes.count)) {
                            $1 = try file.read(into: UnsafeMutableRawBufferPointer($0))
                        }
                        if part.isEmpty { break }
                        bytes += part
                    }
                    return bytes
                })
        } catch {
            return .failure(error as? Errno ?? .ioError)
        }
    }

    public func names(_ path: String) -> Result<[String], Errno> {
        guard let folder = opendir(base + path) else { return .failure(Errno(rawValue: errno)) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return .success(names.sorted())
    }

    public func link(_ path: String) -> Result<String, Errno> {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(base + path, &buffer, buffer.count)
        guard length >= 0 else { return .failure(Errno(rawValue: errno)) }
        return .success(String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    public func status(_ path: String) -> Result<HostFileStatus, Errno> {
        var status = stat()
        guard stat(base + path, &status) == 0 else { return .failure(Errno(rawValue: errno)) }
        return .success(HostFileStatus(mode: status.st_mode, owner: status.st_uid, group: status.st_gid))
    }

    public func answer(_ probe: HostProbe) async -> HostAnswer? { nil }
}
