import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage

/// An exclusive lock by a file that names its holder, held by this process and gone with it.
public final class LockFile: Sendable {
    private let descriptor: FileDescriptor
    private let isPassedOn = Atomic(false)

    private init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    /// Takes the lock; nil where another holds it. The folder must exist. Throws an `Errno` where the file cannot be made.
    public static func take(_ path: String) throws -> LockFile? {
        let descriptor = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .closeOnExec], permissions: [.ownerReadWrite])
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            try? descriptor.close()
            return nil
        }
        let lock = LockFile(descriptor)
        try lock.name()
        return lock
    }

    /// The lock's open file: whoever has it, in whatever process, has the lock. See ``passOn()`` and ``adopt(_:of:)``.
    public var file: Int32 { descriptor.rawValue }

    /// Another process was sent ``file``: it keeps the lock when this one lets go.
    public func passOn() { isPassedOn.store(true, ordering: .releasing) }

    /// Takes over the lock of `path` with its open file, which is closed where it is none. Nil then.
    public static func adopt(_ file: Int32, of path: String) -> LockFile? {
        let descriptor = FileDescriptor(rawValue: file)
        var (own, there) = (stat(), stat())
        guard fstat(file, &own) == 0, stat(path, &there) == 0, own.st_dev == there.st_dev, own.st_ino == there.st_ino,
            flock(file, LOCK_EX | LOCK_NB) == 0
        else {
            try? descriptor.close()
            return nil
        }
        let lock = LockFile(descriptor)
        try? lock.name()
        return lock
    }

    /// Writes who holds it.
    private func name() throws {
        _ = ftruncate(descriptor.rawValue, 0)
        _ = try descriptor.writeAll(toAbsoluteOffset: 0, "\(getpid())".utf8)
    }

    /// The process that holds the lock, or held it last; nil where none ever did.
    public static func holder(of path: String) -> Int32? {
        FileManager.default.contents(atPath: path).flatMap { Int32(String(decoding: $0, as: UTF8.self)) }
    }

    /// Whether another process holds the lock now. Nothing is made or written.
    public static func isTaken(_ path: String) -> Bool {
        guard let descriptor = try? FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec]) else {
            return false
        }
        defer { try? descriptor.close() }
        guard flock(descriptor.rawValue, LOCK_SH | LOCK_NB) == 0 else { return true }
        flock(descriptor.rawValue, LOCK_UN)
        return false
    }

    deinit {
        // A child that was just forked may have the descriptor until it executes its program: closing ours is not enough.
        if !isPassedOn.load(ordering: .acquiring) { flock(descriptor.rawValue, LOCK_UN) }
        try? descriptor.close()
    }
}
