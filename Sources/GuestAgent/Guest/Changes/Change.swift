/// One changed file, from what it was to what became of it.
public struct Change: Equatable, Sendable {
    /// What undoing made of it.
    public enum Outcome: Codable, Equatable, Sendable {
        /// It is as it was before the first change.
        case restored
        /// Our part of it was taken out; the rest is what somebody made of it since.
        case withoutOurs
        /// It was left as it is, and why.
        case left(String)
    }

    /// The file.
    public let path: String
    /// What was there before the first change.
    public let original: FileState
    /// Where the original's content is; nil for what is no file.
    public let kept: String?
    /// All that was made of it, in order. Any of them is recognised as ours: a crash may have come between two.
    public internal(set) var made: [FileState]
    /// Nil as long as it was not undone.
    public internal(set) var outcome: Outcome?
}

/// All that the ledger knows: the fold of its records.
public struct Changes: Equatable, Sendable {
    /// In the order of the first change of each.
    public private(set) var files: [Change] = []
    /// Folders that were not there, in the order of their making.
    public private(set) var directories: [String] = []
    /// Packages that were not installed, in the order of their installation.
    public private(set) var packages: [String] = []
    /// Units that were not enabled.
    public private(set) var units: [String] = []
    /// How many originals were kept so far: the next one's name.
    var originals = 0

    init(_ records: some Sequence<ChangeRecord>) {
        for record in records { add(record) }
    }

    /// What was changed at `path` and not undone since.
    public func pending(_ path: String) -> Change? {
        files.first { $0.path == path && $0.outcome == nil }
    }

    /// Whether nothing was ever changed.
    public var isEmpty: Bool { files.isEmpty && directories.isEmpty && packages.isEmpty && units.isEmpty }

    private mutating func add(_ record: ChangeRecord) {
        switch record {
        case .begun: break
        case .original(let path, let state, let kept, let making):
            files.removeAll { $0.path == path }  // one that was undone, and is changed again
            files.append(Change(path: path, original: state, kept: kept, made: [making].compactMap { $0 }))
            originals += 1
        case .made(let path, let state):
            if let index = files.firstIndex(where: { $0.path == path }) { files[index].made.append(state) }
        case .directory(let path):
            if !directories.contains(path) { directories.append(path) }
        case .packages(let names): packages += names.filter { !packages.contains($0) }
        case .unit(let name):
            if !units.contains(name) { units.append(name) }
        case .settled(let path, let outcome):
            if let index = files.firstIndex(where: { $0.path == path }) { files[index].outcome = outcome }
        case .packagesRemoved(let names): packages.removeAll { names.contains($0) }
        case .unitDisabled(let name): units.removeAll { $0 == name }
        }
    }
}
