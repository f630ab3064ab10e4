import FoundationEssentials
import Glibc

/// A connected unix socket, non-blocking; its descriptor belongs to the caller. Throws ``ConnectError``.
///
/// The kernel takes 107 bytes of path. A longer one is reached through /proc/self/fd, by a descriptor of its folder.
func connectUnixSocket(_ path: String) throws(ConnectError) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
    guard descriptor >= 0 else { throw ConnectError(errno: errno) }
    var reachable = path
    var folder: Int32 = -1
    defer { if folder >= 0 { close(folder) } }
    if path.utf8.count > MachineFolder.socketPathLimit, let slash = path.lastIndex(of: "/") {
        folder = open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else {
            let error = ConnectError(errno: errno)
            close(descriptor)
            throw error
        }
        reachable = "/proc/self/fd/\(folder)" + path[slash...]
    }
    guard var address = socketAddress(reachable) else {
        close(descriptor)
        throw ConnectError(errno: ENAMETOOLONG)
    }
    let status = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    guard status == 0 else {
        let error = ConnectError(errno: errno)
        close(descriptor)
        throw error
    }
    return descriptor
}

/// Why a socket could not be reached.
struct ConnectError: Error {
    var errno: Int32

    /// Nobody listens there (yet, or any more).
    var isAbsent: Bool { errno == ENOENT || errno == ECONNREFUSED }
    /// The listener's queue is full: others are waiting there already.
    var isBusy: Bool { errno == EAGAIN }
}

/// `path` as an address; nil where it is too long.
func socketAddress(_ path: String) -> sockaddr_un? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count <= MachineFolder.socketPathLimit else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return address
}
