import Glibc

/// The part of stat(2) that tells one file from another.
struct FileStatus: Codable, Equatable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    /// Bytes on disk.
    var allocated: Int64
    var modifiedNanoseconds: Int64
    /// Permission bits.
    var mode: UInt32

    /// Throws an `Errno`-valued ``FileStatusError`` when the file cannot be looked at.
    init(of path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileStatusError(path: path, errno: errno) }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        mode = UInt32(status.st_mode) & 0o7777
        allocated = Int64(status.st_blocks) * 512
        modifiedNanoseconds = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }
}

struct FileStatusError: Error, CustomStringConvertible {
    var path: String
    var errno: Int32
    var description: String { "\(path): \(String(cString: strerror(errno)))" }
}
