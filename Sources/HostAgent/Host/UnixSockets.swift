public import Glibc

/// Non-blocking unix sockets. Each throws the system's error number.
public enum UnixSockets {
    public struct Refusal: Error, Equatable {
        public var errno: Int32

        public init(errno: Int32) {
            self.errno = errno
        }

        /// Nobody listens there (yet, or any more).
        public var isAbsent: Bool { errno == ENOENT || errno == ECONNREFUSED }
        /// The listener's queue is full: others are waiting there already.
        public var isBusy: Bool { errno == EAGAIN }
        public var words: String { String(cString: strerror(errno)) }
    }

    /// Connects; the descriptor belongs to the caller.
    public static func connect(to path: String) throws(Refusal) -> Int32 {
        try open(path) { Glibc.connect($0, $1, $2) }
    }

    /// Listens, for this user alone; what is left of an earlier listener goes. The caller holds a lock on the place.
    public static func listen(at path: String) throws(Refusal) -> Int32 {
        unlink(path)
        let descriptor = try open(path) { descriptor, address, length in
            // The mode is of the moment of bind: between bind and chmod another user could connect.
            let mask = umask(0o177)
            defer { umask(mask) }
            return bind(descriptor, address, length)
        }
        guard Glibc.listen(descriptor, 16) == 0 else {
            let refusal = Refusal(errno: errno)
            close(descriptor)
            throw refusal
        }
        return descriptor
    }

    /// The kernel takes 107 bytes of path; a longer one is reached through /proc/self/fd, by a descriptor of its folder.
    private static func open(
        _ path: String, _ act: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(Refusal) -> Int32 {
        var reachable = path
        var folder: Int32 = -1
        defer { if folder >= 0 { close(folder) } }
        if path.utf8.count > pathLimit, let slash = path.lastIndex(of: "/") {
            folder = Glibc.open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard folder >= 0 else { throw Refusal(errno: errno) }
            reachable = "/proc/self/fd/\(folder)" + path[slash...]
        }
        guard var address = address(reachable) else { throw Refusal(errno: ENAMETOOLONG) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
        guard descriptor >= 0 else { throw Refusal(errno: errno) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                act(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else {
            let refusal = Refusal(errno: errno)
            close(descriptor)
            throw refusal
        }
        return descriptor
    }

    /// `path` as an address; nil where it is too long.
    public static func address(_ path: String) -> sockaddr_un? {
        guard path.utf8.count <= pathLimit else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return address
    }

    /// Closed in children, never waited for.
    public static func prepare(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    /// The longest socket path that the kernel takes (sockaddr_un: 108 bytes with the NUL).
    public static let pathLimit = 107
}
