import Contract
import FoundationEssentials
import SystemPackage

/// Standard output for data, standard error for words. Plain writes: nothing is lost in a buffer when a process ends.
enum Console {
    static func line(_ text: String) throws {
        try FileDescriptor.standardOutput.writeAll(Array((text + "\n").utf8))
    }

    static func say(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll(Array((text + "\n").utf8))
    }

    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static func explain(_ failure: Failure) {
        say("gpu-guest-agent: cannot \(failure.operation): \(failure.message)")
        for line in failure.evidence { say("  " + line) }
        say("  remedy: " + failure.remedy)
    }
}
