import Contract
import FoundationEssentials
import Glibc
public import Host
import SystemPackage

/// The effects of a fix on a host: a seam.
public protocol HostChanges: Sendable {
    /// The text of a file; nil where there is none. Throws where there is one that cannot be read.
    func text(_ path: String) throws -> String?
    /// Keeps a file as it is, beside it; answers the copy's path.
    func keep(_ path: String) throws -> String
    /// Puts a text in a file's place, whole or not at all. `mode` counts for a new one.
    func write(_ path: String, _ text: String, mode: UInt32) throws
    func remove(_ path: String) throws
    /// Runs a program to its end.
    func run(_ arguments: [String]) async throws -> ToolResult
}

extension HostFix {
    /// Does it. `told` hears what was done, as it is done. Throws ``Failure``; what was done until then stays, and the same
    /// command again does the rest.
    public func apply(_ host: any HostChanges, told: (String) -> Void) async throws {
        let operation = "change the host's configuration"
        for file in files where try attempt(file.path, operation, { try host.text(file.path) }) != file.old {
            throw Failure(
                .commandFailed, operation: operation, message: "\(file.path) was changed while you were asked.",
                remedy: "Run the same command again.", retryable: true, side: .host)
        }
        var pending = HostFix.Part.allCases.filter { part in commands.contains { $0.part == part } }
        func remember() throws {
            try attempt(Self.pendingPath, operation) {
                if pending.isEmpty {
                    if try host.text(Self.pendingPath) != nil { try host.remove(Self.pendingPath) }
                } else {
                    try host.write(
                        Self.pendingPath, pending.map { $0.rawValue + "\n" }.joined(), mode: 0o644)
                }
            }
        }
        try remember()
        for file in files {
            try attempt(file.path, operation) {
                if file.old != nil { told("kept \(try host.keep(file.path))") }
                try host.write(file.path, file.new, mode: file.mode)
                told("wrote \(file.path)")
            }
        }
        for command in commands {
            let line = command.line
            told("running \(line)")
            let result = try await host.run(command.arguments)
            guard result.status == 0 else {
                throw Failure(
                    .commandFailed, operation: operation, message: "`\(line)` ended with status \(result.status).",
                    evidence: result.complaints,
                    remedy:
                        "Make it work; then run the same command again, which does what is left. The files as they were"
                        + " are beside the new ones (.before-provision-gpu-vm).", retryable: true, side: .host)
            }
            if commands.last(where: { $0.part == command.part }) == command {
                pending.removeAll { $0 == command.part }
            }
            try remember()
        }
        // grubby on EL writes /etc/default/grub, too, and drops its comments.
        for file in files where try attempt(file.path, operation, { try host.text(file.path) }) != file.new {
            try attempt(file.path, operation) { try host.write(file.path, file.new, mode: file.mode) }
        }
    }

    private func attempt<Value>(_ path: String, _ operation: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw Failure(
                .commandFailed, operation: operation, message: "\(path): \(error)",
                remedy: "Run it as root, and look at the file and at the free space.", side: .host)
        }
    }
}

/// The machine itself, or the files below a folder in a test.
public struct LiveHostChanges: HostChanges {
    private let root: String

    /// Changes the files below `root`; programs run on this machine.
    public init(root: String = "") {
        self.root = root
    }

    public func text(_ path: String) throws -> String? {
        switch FolderTree(root: root.isEmpty ? "/" : root).read(path, limit: 16 << 20) {
        case .success(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .failure(.noSuchFileOrDirectory), .failure(.notDirectory): return nil
        case .failure(let error): throw error
        }
    }

    public func keep(_ path: String) throws -> String {
        let base = path + ".before-provision-gpu-vm"
        // The oldest copy is what was there before this tool came: none is ever overwritten.
        let names = [base] + (2...999).map { "\(base).\($0)" }
        guard let name = names.first(where: { !FileManager.default.fileExists(atPath: root + $0) }) else {
            throw Errno.fileExists
        }
        var status = stat()
        guard stat(root + path, &status) == 0 else { throw Errno(rawValue: errno) }
        // Never executable: a hook's copy must not be run for one.
        try put(try text(path) ?? "", at: name, mode: status.st_mode & 0o666, owner: (status.st_uid, status.st_gid))
        return name
    }

    public func write(_ path: String, _ text: String, mode: UInt32) throws {
        // A link stays one, and what it points to is changed.
        var real = path
        for _ in 0..<8 {
            guard case .success(let target) = FolderTree(root: root.isEmpty ? "/" : root).link(real) else { break }
            real =
                target.hasPrefix("/") ? target : FilePath(real).removingLastComponent().pushing(FilePath(target)).string
        }
        var status = stat()
        let isThere = stat(root + real, &status) == 0
        try FileManager.default.createDirectory(
            atPath: root + FilePath(real).removingLastComponent().string, withIntermediateDirectories: true)
        try put(
            text, at: real, mode: isThere ? status.st_mode & 0o7777 : mode,
            owner: isThere ? (status.st_uid, status.st_gid) : nil)
    }

    public func remove(_ path: String) throws {
        guard unlink(root + path) == 0 else { throw Errno(rawValue: errno) }
    }

    public func run(_ arguments: [String]) async throws -> ToolResult {
        try await runTool(
            arguments[0], Array(arguments.dropFirst()), package: arguments[0],
            operation: "change the host's configuration")
    }

    /// Beside, on disk, renamed, the folder on disk: after a power cut one of the two texts is there, whole.
    private func put(_ text: String, at path: String, mode: UInt32, owner: (uid_t, gid_t)?) throws {
        // A name that no program takes for one of its files.
        let parts = FilePath(root + path)
        let beside = parts.removingLastComponent().appending(".provision-gpu-vm.new")
        let file = try FileDescriptor.open(
            beside, .writeOnly, options: [.create, .truncate, .closeOnExec],
            permissions: FilePermissions(rawValue: 0o600))
        do {
            try file.closeAfter {
                try file.writeAll(text.utf8)
                if let owner { _ = fchown(file.rawValue, owner.0, owner.1) }
                guard fchmod(file.rawValue, mode) == 0, fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
            guard rename(beside.string, root + path) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            unlink(beside.string)
            throw error
        }
        let folder = try FileDescriptor.open(parts.removingLastComponent(), .readOnly, options: [.closeOnExec])
        try folder.closeAfter { _ = fsync(folder.rawValue) }
    }
}
