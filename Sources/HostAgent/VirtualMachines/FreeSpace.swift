import Glibc

/// Room in file systems.
public enum FreeSpace {
    /// Bytes that an unprivileged writer can still use in the file system that holds `path`; nil where `path` cannot be
    /// looked at.
    public static func bytes(at path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }
}
