import Glibc
package import Guest
import Synchronization
import SystemPackage

/// A machine's tree before each change of it: what a crash at that moment leaves behind.
///
/// With the power some of it goes as well: what was not synced may be there or not. Both extremes are kept.
package final class Snapshots: Sendable {
    package struct Snapshot: Sendable {
        /// The tree with everything that was changed: the process died, or the power went after the kernel had written.
        package var tree: Tree
        /// The tree with what was synced, and nothing else: the power went.
        package var onDisk: Tree
        /// What was about to happen.
        package var before: String
    }

    private struct State {
        var folder: String?
        var all: [Snapshot] = []
        var last = Tree()
        var synced = Tree()
        /// Files that are on disk by themselves since the last sync.
        var durable: Set<String> = []
        var pending: SystemRoot.Change?
    }

    private let state = Mutex(State())

    package init() {}

    /// Begins, with the tree as it is as the synced one.
    package func watch(_ folder: String) {
        state.withLock {
            $0.folder = folder
            $0.last = Tree(of: folder)
            $0.synced = $0.last
        }
    }

    package func stop() {
        state.withLock { $0.folder = nil }
    }

    package var all: [Snapshot] { state.withLock { $0.all } }

    /// To be called before each change.
    package func take(_ change: SystemRoot.Change) {
        take(change, "\(change)")
    }

    package func take(_ change: SystemRoot.Change, _ words: String) {
        state.withLock { state in
            guard let folder = state.folder else { return }
            let now = Tree(of: folder)
            // What was about to happen last time has happened.
            switch state.pending {
            case .sync?:
                state.synced = now
                state.durable = []
            case .durable(let path)?: state.durable.insert(path)
            default: break
            }
            state.pending = change
            var onDisk = state.synced
            for path in state.durable { onDisk.take(path, from: now) }
            if now != state.last || state.all.isEmpty {
                state.all.append(Snapshot(tree: now, onDisk: onDisk, before: words))
            }
            state.last = now
        }
    }
}

/// A folder with all that is in it, as a value.
package struct Tree: Equatable, Sendable {
    package enum Entry: Equatable, Sendable {
        case folder(mode: UInt32)
        case file(mode: UInt32, [UInt8])
        case link(String)
    }

    /// By path, "/etc/x".
    package var entries: [String: Entry] = [:]

    package init() {}

    /// Reads `folder`, with plain system calls: hundreds of trees are read in one test.
    package init(of folder: String) {
        read(folder, "")
    }

    private mutating func read(_ base: String, _ path: String) {
        guard let folder = opendir(base + path + "/") else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            let path = path + "/" + name
            var status = stat()
            guard lstat(base + path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                entries[path] = .folder(mode: status.st_mode & 0o7777)
                read(base, path)
            case S_IFLNK:
                var target = [UInt8](repeating: 0, count: Int(status.st_size))
                let count = target.withUnsafeMutableBytes { bytes in
                    bytes.baseAddress.map {
                        readlink(base + path, $0.assumingMemoryBound(to: CChar.self), bytes.count)
                    } ?? 0
                }
                entries[path] = .link(String(decoding: target.prefix(max(0, count)), as: UTF8.self))
            default:
                var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
                let file = open(base + path, O_RDONLY | O_CLOEXEC)
                let count = bytes.withUnsafeMutableBytes { bytes in
                    bytes.baseAddress.map { Glibc.read(file, $0, bytes.count) } ?? 0
                }
                close(file)
                entries[path] = .file(mode: status.st_mode & 0o7777, Array(bytes.prefix(max(0, count))))
            }
        }
    }

    /// Makes `path` what it is in `other`, with the folders above it.
    mutating func take(_ path: String, from other: Tree) {
        entries[path] = other.entries[path]
        guard entries[path] != nil else { return }
        var folder = path[...]
        while let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
            folder = folder[..<slash]
            if entries[String(folder)] == nil { entries[String(folder)] = other.entries[String(folder)] }
        }
    }

    /// Writes it below `folder`, which is empty.
    package func write(to folder: String) throws {
        for (path, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let real = folder + path
            switch entry {
            case .folder(let mode):
                guard mkdir(real, mode | 0o700) == 0 else { throw Errno(rawValue: errno) }
                chmod(real, mode)
            case .link(let target):
                guard symlink(target, real) == 0 else { throw Errno(rawValue: errno) }
            case .file(let mode, let bytes):
                let file = try FileDescriptor.open(
                    FilePath(real), .writeOnly, options: [.create], permissions: FilePermissions(rawValue: 0o600))
                try file.closeAfter { _ = try file.writeAll(bytes) }
                chmod(real, mode)
            }
        }
    }

    /// What differs, a line each, but for paths that `ignoring` names.
    package func differences(from other: Tree, ignoring: (String) -> Bool = { _ in false }) -> [String] {
        Set(entries.keys).union(other.entries.keys).sorted().compactMap { path in
            guard !ignoring(path), entries[path] != other.entries[path] else { return nil }
            return "\(path): \(Self.words(other.entries[path])) → \(Self.words(entries[path]))"
        }
    }

    private static func words(_ entry: Entry?) -> String {
        switch entry {
        case nil: "absent"
        case .folder(let mode)?: "folder \(String(mode, radix: 8))"
        case .link(let target)?: "link to \(target)"
        case .file(let mode, let bytes)?:
            "file \(String(mode, radix: 8)) \"\(String(decoding: bytes.prefix(300), as: UTF8.self))\""
        }
    }
}
