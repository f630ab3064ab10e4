public import Guest

/// Where the agent keeps what it must remember.
public struct StateFolder: Sendable {
    /// The guest's files.
    public let root: SystemRoot
    /// The folder.
    public static let path = "/var/lib/gpu-guest-agent"
    /// The journal of the run that is under way, or of the last one.
    public static let journal = path + "/journal.jsonl"
    /// Held (flock) by the agent that runs the journal, as long as it lives.
    public static let lock = path + "/lock"
    /// Logs of installers, one for each attempt.
    public static let logs = path + "/logs"

    /// The folder of a machine.
    public init(_ root: SystemRoot) {
        self.root = root
    }

    /// Makes it, for root alone.
    public func create() throws {
        try root.createDirectory(Self.logs, mode: 0o700)
        try root.protect(Self.path)
    }

    /// A name in ``logs`` that is not taken: "nvidia-installer-1.log".
    func newLog(_ name: String) -> String {
        var number = 1
        while root.exists("\(Self.logs)/\(name)-\(number).log") { number += 1 }
        return "\(Self.logs)/\(name)-\(number).log"
    }
}
