public import Contract

/// Every change of the guest's own files goes through here, so that it can be taken back: the file as it was before the
/// first change is kept, and what was made of it is known again.
///
/// The agent's own folder and temporary files do not belong here.
public struct ChangeLedger: Sendable {
    private let root: SystemRoot

    /// The ledger of the machine with this root.
    public init(_ root: SystemRoot) {
        self.root = root
    }

    /// Writes a whole file, as ``SystemRoot/write(_:to:mode:)``.
    public func write(_ text: String, to path: String, mode: UInt32 = 0o644) throws {
        try willChange(path)
        try root.write(text, to: path, mode: mode)
        try didChange(path)
    }

    /// Makes a symbolic link.
    public func link(_ path: String, to target: String) throws {
        try willChange(path)
        try root.link(path, to: target)
        try didChange(path)
    }

    /// Removes a file.
    public func remove(_ path: String) throws {
        try willChange(path)
        try root.remove(path)
        try didChange(path)
    }

    /// To be called before a program changes `path`: keeps it as it is, unless an earlier change did.
    public func willChange(_ path: String) throws {}

    /// To be called after a program changed `path`: remembers what it looks like, so that a later change by somebody else
    /// is seen as one.
    public func didChange(_ path: String) throws {}

    /// Remembers packages that were installed at our request and were not there before.
    public func installed(packages: [String]) throws {}
}

extension Guest {
    /// What was changed in this machine.
    public var changes: ChangeLedger { ChangeLedger(root) }
}
