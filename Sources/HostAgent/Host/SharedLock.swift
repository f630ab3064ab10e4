import Glibc
import SystemPackage

/// A lock that many hold who use a thing, and one takes alone who removes it; held by this process and gone with it. Where the file's
/// file system has locks between machines (NFS, Lustre with `flock`), so has this one.
public final class SharedLock: Sendable {
    private let descriptor: FileDescriptor

    private init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    /// Holds the lock beside others; waits while one has it alone, which must be short. The folder must exist. Throws an `Errno` where
    /// the file cannot be made, or its file system has no locks.
    public static func take(_ path: String) throws -> SharedLock {
        // NFS wants a file that can be written for a lock that is taken alone.
        let lock = SharedLock(
            try FileDescriptor.open(
                FilePath(path), .readWrite, options: [.create, .closeOnExec], permissions: [.ownerReadWrite]))
        while flock(lock.descriptor.rawValue, LOCK_SH) != 0 {
            guard errno == EINTR else { throw Errno(rawValue: errno) }
        }
        return lock
    }

    /// Takes it alone. Where another holds it: false, and this one may have lost it.
    public func takeAlone() -> Bool { flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 }

    deinit {
        // A child that was just forked may have the descriptor until it executes its program: closing ours is not enough.
        flock(descriptor.rawValue, LOCK_UN)
        try? descriptor.close()
    }
}
