import Glibc
public import Guest
import SystemPackage

/// Held by the process that runs the journal, as long as it lives: the kernel lets it go with the process, so it cannot
/// be left behind.
public final class RunLock: Sendable {
    private let file: FileDescriptor

    private init(_ file: FileDescriptor) {
        self.file = file
    }

    deinit {
        try? file.close()
    }

    /// Takes the lock; nil where another process has it.
    public static func take(_ root: SystemRoot) throws -> RunLock? {
        try StateFolder(root).create()
        let file = try FileDescriptor.open(
            FilePath(root.real(StateFolder.lock)), .readWrite, options: [.create, .closeOnExec],
            permissions: [.ownerRead, .ownerWrite])
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            try? file.close()
            return nil
        }
        return RunLock(file)
    }

    /// Takes the lock as soon as it is free, waiting `patience` at most: ``isTaken(_:)`` of another process holds it for a
    /// moment.
    public static func take(_ root: SystemRoot, patience: Duration) async throws -> RunLock? {
        let end = ContinuousClock.now + patience
        while true {
            if let lock = try take(root) { return lock }
            guard ContinuousClock.now < end, !StopRequest.isMade else { return nil }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Whether a process runs the journal now.
    public static func isTaken(_ root: SystemRoot) -> Bool {
        guard
            let file = try? FileDescriptor.open(
                FilePath(root.real(StateFolder.lock)), .readOnly, options: [.closeOnExec])
        else { return false }
        defer { try? file.close() }
        return flock(file.rawValue, LOCK_SH | LOCK_NB) != 0
    }
}
