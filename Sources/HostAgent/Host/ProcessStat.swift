import FoundationEssentials

/// What /proc/PID/stat says of a process that lives.
public struct ProcessStat: Equatable, Sendable {
    /// "R", "S", "D", "Z" …
    public var state: Character
    /// Clock ticks after boot (field 22). With the boot id it tells two processes of one number apart.
    public var startTime: UInt64

    /// A zombie is dead and merely not collected (a container's first process may never do so).
    public var isAlive: Bool { state != "Z" && state != "X" }

    /// A state.
    public init(state: Character, startTime: UInt64) {
        self.state = state
        self.startTime = startTime
    }

    /// Reads the line. The command name, field 2, stands in parentheses and may hold anything, parentheses included.
    public init?(line: String) {
        guard let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(separator: " ")
        guard fields.count >= 20, let state = fields[0].first, let startTime = UInt64(fields[19]) else { return nil }
        self.init(state: state, startTime: startTime)
    }

    /// The process of this number now; nil where there is none.
    public init?(pid: Int32) {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        self.init(line: String(decoding: bytes, as: UTF8.self))
    }
}

/// The host's boot: another one means that every process of the earlier one is gone.
public func hostBootID() -> String {
    let bytes = FileManager.default.contents(atPath: "/proc/sys/kernel/random/boot_id") ?? Data()
    return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).first.map { String($0) } ?? ""
}
