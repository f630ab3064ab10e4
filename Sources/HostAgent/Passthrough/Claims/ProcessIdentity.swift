import Glibc
public import Host

/// A process, told apart from a later one of the same number within one boot of the host.
public struct ProcessIdentity: Codable, Hashable, Sendable {
    public var pid: Int32
    /// Field 22 of /proc/PID/stat.
    public var startTime: UInt64

    /// An identity.
    public init(pid: Int32, startTime: UInt64) {
        self.pid = pid
        self.startTime = startTime
    }

    /// This process.
    static var own: ProcessIdentity {
        ProcessIdentity(pid: getpid(), startTime: ProcessStat(pid: getpid())?.startTime ?? 0)
    }

    /// Whether it lives.
    public func isAlive(_ tree: any HostTree) -> Bool {
        guard let stat = Self.stat(pid, tree) else { return false }
        return stat.isAlive && stat.startTime == startTime
    }

    static func stat(_ pid: Int32, _ tree: any HostTree) -> ProcessStat? {
        tree.text("/proc/\(pid)/stat", limit: 4096).flatMap { ProcessStat(line: $0) }
    }
}
