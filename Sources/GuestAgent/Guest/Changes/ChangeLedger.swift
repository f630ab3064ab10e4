import Contract
import Glibc
import SystemPackage

/// Every change of the guest's own files goes through here, so that it can be taken back: the file as it was before the
/// first change is kept, and what was made of it is known again.
///
/// The agent's own folder and temporary files do not belong here. One process writes at a time: the one that holds the
/// run's lock.
public struct ChangeLedger: Sendable {
    private let root: SystemRoot

    /// Where it is kept: `ledger.jsonl` (``ChangeRecord``) and `originals/`, a copy a file, with mode and owner.
    public static let folder = "/var/lib/gpu-guest-agent/changes"
    static let file = folder + "/ledger.jsonl"
    static let originals = folder + "/originals"
    private static let limit = 64 << 20

    /// The ledger of the machine with this root.
    public init(_ root: SystemRoot) {
        self.root = root
    }

    // MARK: - Changing

    /// Writes a whole file, as ``SystemRoot/write(_:to:mode:)``, with the folders above it.
    public func write(_ text: String, to path: String, mode: UInt32 = 0o644) throws {
        // A link is followed rather than replaced: the file behind it is what changes.
        let path = root.resolvingLinks(path)
        let digest = ContentDigest(text.utf8)
        let making: FileState =
            if case .file(var stamp) = try FileState(of: path, root) {
                .file(
                    {
                        stamp.digest = digest
                        return stamp
                    }())
            } else {
                .file(FileStamp(digest: digest, mode: mode, owner: getuid(), group: getgid()))
            }
        try note(path, making: making)
        try root.createDirectory(SystemRoot.parent(of: path))
        try root.write(text, to: path, mode: mode)
    }

    /// Makes a symbolic link.
    public func link(_ path: String, to target: String) throws {
        try note(path, making: .link(target: target))
        try root.link(path, to: target)
    }

    /// Removes a file.
    public func remove(_ path: String) throws {
        try note(path, making: .absent)
        try root.remove(path)
    }

    /// To be called before a program changes `path`: keeps it as it is, unless an earlier change did. Folders above it
    /// that are not there are remembered as ours. A link is kept, and the file that it leads to as well.
    public func willChange(_ path: String) throws {
        // A link that we made ourselves does not make what it leads to the guest's.
        if let change = try read().pending(path) {
            guard case .link = change.original else { return }
        }
        try note(path)
        let target = root.resolvingLinks(path)
        if target != path { try note(target) }
    }

    /// As ``willChange(_:)``, for a file too large to be kept twice: its copy is `backup`, beside it, which is made
    /// unless an earlier change did.
    public func willChange(_ path: String, backup: String) throws {
        try note(path, backup: backup)
    }

    /// To be called after a program changed `path`: remembers what it looks like, so that a later change by somebody else
    /// is seen as one.
    public func didChange(_ path: String) throws {
        let changes = try read()
        for path in Set([path, root.resolvingLinks(path)]).sorted() {
            guard let change = changes.pending(path) else { continue }
            let state = try FileState(of: path, root)
            if state != change.original && !change.made.contains(state) { try append(.made(path: path, state: state)) }
        }
    }

    /// Remembers packages that are installed at our request and are not there before. To be called before they are
    /// installed: an installation may be cut short.
    public func installed(packages: [String]) throws {
        let known = try read().packages
        let new = packages.filter { !known.contains($0) }
        if !new.isEmpty { try append(.packages(new)) }
    }

    /// Remembers a unit that is enabled at our request and was not. To be called before it is.
    public func enabled(unit: String) throws {
        if try !read().units.contains(unit) { try append(.unit(unit)) }
    }

    /// Remembers a folder that a program is about to make, and those above it that are not there.
    public func willMakeDirectory(_ path: String) throws {
        let known = try read().directories
        for folder in missingDirectories(path) where !known.contains(folder) { try append(.directory(path: folder)) }
    }

    // MARK: - Taking back

    /// All that was changed. Throws a ``Failure`` with ``FailureCode/undo`` where the ledger cannot be read.
    public func read() throws -> Changes {
        let bytes: [UInt8]
        do {
            bytes = try root.bytes(Self.file, limit: Self.limit)
        } catch Errno.noSuchFileOrDirectory {
            return Changes([])
        } catch {
            // Taken for empty, it would have us keep what we made ourselves as the originals.
            throw unreadable("It cannot be read: \(describe(error)).", "")
        }
        guard bytes.count < Self.limit else { throw unreadable("It is longer than any ledger.", "") }
        // What follows the last newline was torn by a crash.
        let whole = bytes[..<((bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1)]
        return Changes(
            try whole.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
                let text = String(decoding: line, as: UTF8.self)
                guard let record = try? ChangeRecord(line: text) else {
                    throw unreadable("Line \(index + 1) is no record of this version.", text)
                }
                if case .begun(let schema) = record, schema > ChangeRecord.schema {
                    throw unreadable("It has schema \(schema), which is newer than this agent.", text)
                }
                return record
            })
    }

    /// Puts `path` back as it was before the first change, where it is still what was made of it; otherwise it is left
    /// alone. Settles it either way, and can be interrupted anywhere and called again.
    @discardableResult
    public func restore(_ path: String) throws -> Change.Outcome {
        guard let change = try read().pending(path) else { return .restored }
        let outcome = try restoration(of: change)
        if outcome == .restored, try FileState(of: path, root) != change.original { try putBack(change) }
        try settle(path, outcome)
        return outcome
    }

    /// What ``restore(_:)`` would do, told without doing it.
    public func restoration(of change: Change) throws -> Change.Outcome {
        let now = try FileState(of: change.path, root)
        if now == change.original { return .restored }
        guard change.made.contains(now) else {
            return .left(
                change.made.isEmpty ? "what was made of it is not known" : "somebody changed it since")
        }
        if case .file(let stamp) = change.original {
            guard let kept = change.kept, (try? ContentDigest(of: kept, root)) == stamp.digest else {
                return .left("its original, \(change.kept ?? "which was not kept,"), is damaged")
            }
        }
        return .restored
    }

    /// Notes what became of a file without touching it.
    public func settle(_ path: String, _ outcome: Change.Outcome) throws {
        if try read().pending(path) != nil { try append(.settled(path: path, outcome)) }
    }

    /// Removes those of our folders that are empty. Returns those that are left, with something of somebody else's.
    @discardableResult
    public func removeDirectories() throws -> [String] {
        let folders = try read().directories.sorted { $0.utf8.count > $1.utf8.count }
        return folders.filter { !root.removeEmptyDirectory($0) }
    }

    /// Notes that packages were removed again.
    public func removed(packages: [String]) throws {
        if !packages.isEmpty { try append(.packagesRemoved(packages)) }
    }

    /// Notes that a unit was disabled again.
    public func disabled(unit: String) throws {
        try append(.unitDisabled(unit))
    }

    /// Forgets what was taken back and what was left. Packages that are there still stay known, with nothing in between
    /// where they are not.
    public func forget() throws {
        let packages = try read().packages
        try root.removeTree(Self.originals)
        guard !packages.isEmpty else { return try root.removeTree(Self.folder) }
        let records = [ChangeRecord.begun(schema: ChangeRecord.schema), .packages(packages)]
        try root.write(try records.map { try $0.line + "\n" }.joined(), to: Self.file, mode: 0o600)
    }

    /// Whether there is anything to forget.
    public var exists: Bool { root.isDirectory(Self.folder) }

    // MARK: - The record

    /// Keeps `path` before its first change, and notes what will be made of it. The copy is on disk before the record,
    /// and the record before the change: a copy without a record is overwritten by the next.
    private func note(_ path: String, backup: String? = nil, making: FileState? = nil) throws {
        let changes = try read()
        if let change = changes.pending(path) {
            if let making, making != change.original, !change.made.contains(making) {
                try append(.made(path: path, state: making))
            }
            return
        }
        let state = try FileState(of: path, root)
        var kept: String?
        switch state {
        case .file:
            kept = backup ?? "\(Self.originals)/\(changes.originals + 1)"
            if backup == nil || !root.exists(backup ?? "") {
                try create()
                try root.copy(path, to: kept ?? "")
            }
        case .absent:
            for folder in missingDirectories(SystemRoot.parent(of: path))
            where !changes.directories.contains(folder) {
                try append(.directory(path: folder))
            }
        case .link: break
        case .other: return  // a folder in its place: what follows fails, in its own words
        }
        try append(.original(path: path, state: state, kept: kept, making: making))
    }

    private func putBack(_ change: Change) throws {
        switch change.original {
        case .absent: try root.remove(change.path)
        case .file: try root.copy(change.kept ?? "", to: change.path)
        case .link(let target): try root.link(change.path, to: target)
        case .other: break
        }
        root.syncDirectory(of: change.path)  // before the record says so
    }

    /// `path` and the folders above it, the uppermost first, as far as they are not there.
    private func missingDirectories(_ path: String) -> [String] {
        var missing: [String] = []
        var folder = path
        while folder != "/", !root.isDirectory(folder) {
            missing.insert(folder, at: 0)
            folder = SystemRoot.parent(of: folder)
        }
        return missing
    }

    private func append(_ record: ChangeRecord) throws {
        // Also where a crash tore the first line.
        if (try? root.bytes(Self.file, limit: 4096).contains(UInt8(ascii: "\n"))) != true {
            try create()
            try root.append(line: ChangeRecord.begun(schema: ChangeRecord.schema).line, to: Self.file)
        }
        try root.append(line: record.line, to: Self.file)
    }

    private func create() throws {
        guard !root.isDirectory(Self.originals) else { return }
        try root.createDirectory(Self.folder, mode: 0o700)
        try root.protect(Self.folder)
        try root.createDirectory(Self.originals, mode: 0o700)
    }

    private func unreadable(_ what: String, _ seen: String) -> Failure {
        .guest(
            .undo, "read what was changed in this guest", "\(Self.file) cannot be used. \(what)",
            evidence: seen.isEmpty ? [] : [String(seen.prefix(300))],
            remedy: "Use the agent that wrote it, or put the originals in \(Self.originals) back by hand."
        )
    }
}

extension Guest {
    /// What was changed in this machine.
    public var changes: ChangeLedger { ChangeLedger(root) }
}
