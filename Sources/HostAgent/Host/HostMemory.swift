import FoundationEssentials

/// This host's memory, from /proc/meminfo, in bytes.
public struct HostMemory: Equatable, Sendable {
    /// MemTotal.
    public var total: Int64 = 0
    /// MemAvailable.
    public var available: Int64 = 0

    /// This host's memory now; zeros where /proc does not tell.
    public static func read() -> HostMemory {
        var memory = HostMemory()
        let text =
            FileManager.default.contents(atPath: "/proc/meminfo").map { String(decoding: $0, as: UTF8.self) } ?? ""
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kibibytes = Int64(words[1]) else { continue }
            if words[0] == "MemTotal:" { memory.total = kibibytes << 10 }
            if words[0] == "MemAvailable:" { memory.available = kibibytes << 10 }
        }
        return memory
    }
}
