import FoundationEssentials

/// This host's memory, from /proc/meminfo, in bytes.
public struct HostMemory: Equatable, Sendable {
    /// MemTotal.
    public var total: Int64 = 0
    /// MemAvailable.
    public var available: Int64 = 0

    /// This host's memory now; zeros where /proc does not tell.
    public static func read() -> HostMemory {
        HostMemory(
            meminfo: FileManager.default.contents(atPath: "/proc/meminfo").map { String(decoding: $0, as: UTF8.self) }
                ?? "")
    }

    /// Reads the text of /proc/meminfo; zeros for what it does not tell.
    public init(meminfo text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kibibytes = Int64(words[1]), (0...1 << 50).contains(kibibytes) else { continue }
            if words[0] == "MemTotal:" { total = kibibytes << 10 }
            if words[0] == "MemAvailable:" { available = kibibytes << 10 }
        }
    }
}
