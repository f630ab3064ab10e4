import Glibc
public import SystemPackage

/// The files below a folder, as a host's: "/" on the running machine, a copy of another's in a test or a bug report.
///
/// Links are followed as if the folder were the root: one in a copy that points to "/sys/devices" means the copy's, and
/// never leads to this machine's own files.
public struct FolderTree: HostTree {
    private let base: String

    /// The files below `root`. Probes are answered by ``LiveHost`` alone.
    public init(root: String) {
        base = root.hasSuffix("/") ? String(root.dropLast()) : root
    }

    public func read(_ path: String, limit: Int) -> Result<[UInt8], Errno> {
        do {
            let place = try place(of: path)
            let file = try FileDescriptor.open(FilePath(place), .readOnly, options: [.closeOnExec, .nonBlocking])
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
        let place: String
        do throws(Errno) { place = try self.place(of: path) } catch { return .failure(error) }
        guard let folder = opendir(place) else { return .failure(Errno(rawValue: errno)) }
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
        do throws(Errno) { return try target(of: place(of: path, followingLast: false)) } catch {
            return .failure(error)
        }
    }

    private func target(of place: String) -> Result<String, Errno> {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(place, &buffer, buffer.count)
        guard length >= 0 else { return .failure(Errno(rawValue: errno)) }
        return .success(String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// Where `path` of the host is on this machine. Links are resolved by hand: the kernel would follow absolute ones to
    /// this machine's own root.
    private func place(of path: String, followingLast: Bool = true) throws(Errno) -> String {
        // The running machine: the kernel knows best, magic links of /proc included.
        if base.isEmpty { return path }
        var rest = path.split(separator: "/").map { String($0) }
        var done: [String] = []
        var links = 0
        while !rest.isEmpty {
            let name = rest.removeFirst()
            if name == "." { continue }
            if name == ".." {
                _ = done.popLast()
                continue
            }
            done.append(name)
            if rest.isEmpty && !followingLast { break }
            guard case .success(let target) = target(of: base + "/" + done.joined(separator: "/")) else { continue }
            links += 1
            // As many as the kernel follows (MAXSYMLINKS).
            if links > 40 { throw .tooManySymbolicLinkLevels }
            if target.hasPrefix("/") { done = [] } else { done.removeLast() }
            rest = target.split(separator: "/").map { String($0) } + rest
        }
        return base + "/" + done.joined(separator: "/")
    }

    public func status(_ path: String) -> Result<HostFileStatus, Errno> {
        let place: String
        do throws(Errno) { place = try self.place(of: path) } catch { return .failure(error) }
        var status = stat()
        guard stat(place, &status) == 0 else { return .failure(Errno(rawValue: errno)) }
        return .success(HostFileStatus(mode: status.st_mode, owner: status.st_uid, group: status.st_gid))
    }

    public func answer(_ probe: HostProbe) async -> HostAnswer? { nil }
}
