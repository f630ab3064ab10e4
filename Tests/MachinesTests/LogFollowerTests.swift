import FoundationEssentials
import HostFakes
import SystemPackage
import Testing

@testable import Machines

@Suite(.timeLimit(.minutes(1))) struct LogFollowerTests {
    private static func tail(_ text: String, lines: Int, raw: Bool = false) throws -> String {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var seen: [UInt8] = []
        let reader = LogFollower(try folder.write("log", text.utf8), isRaw: raw) { seen += $0 }
        try reader.tail(lines: lines)
        return String(decoding: seen, as: UTF8.self)
    }

    @Test(arguments: [
        ("a\nb\nc\n", 2, "b\nc\n"), ("a\nb\nc", 2, "b\nc\n"), ("a\nb\nc\n", 9, "a\nb\nc\n"), ("a\nb\n", 0, ""),
        ("", 5, ""), ("\n\n\n", 2, "\n\n"), ("grub rescue> ", 1, "grub rescue> \n"),
    ])
    func lastLines(_ text: String, _ lines: Int, _ shown: String) throws {
        #expect(try Self.tail(text, lines: lines) == shown)
    }

    /// Lines across the blocks in which the file is read.
    @Test func longFiles() throws {
        let text = (0..<40_000).map { "line \($0)\n" }.joined()
        #expect(try Self.tail(text, lines: 20_000) == (20_000..<40_000).map { "line \($0)\n" }.joined())
    }

    @Test func whatAGuestSendsIsCleaned() throws {
        let text = "\u{1b}[2J\u{1b}]0;title\u{07}boot\r\n\u{9b}31mred\n"
        #expect(try Self.tail(text, lines: 9) == "boot\n31mred\n")
        #expect(try Self.tail(text, lines: 9, raw: true) == text)
    }

    @Test func aLineWithoutAnEndIsBounded() throws {
        let shown = try Self.tail(String(repeating: "x", count: 1 << 20), lines: 1)
        #expect(shown.utf8.count == LogFollower.lineLimit + 1)
    }

    @Test func missingFiles() {
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try LogFollower("/nonexistent/log", isRaw: false) { _ in }.tail(lines: 1)
        }
    }

    /// What comes while it waits is shown, and what came before the end too.
    @Test func follows() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = try folder.write("log", "old\nfirst\n".utf8)
        var seen: [UInt8] = []
        let reader = LogFollower(path, isRaw: false) { seen += $0 }
        try reader.tail(lines: 1)
        let file = try FileDescriptor.open(FilePath(path), .writeOnly, options: .append)
        defer { try? file.close() }
        var asked = 0
        try reader.follow {
            asked += 1
            // Half a line, its other half, and the last words before the end.
            _ = try? file.writeAll(["sec", "ond\n", "third"][asked - 1].utf8)
            return asked == 3
        }
        #expect(String(decoding: seen, as: UTF8.self) == "first\nsecond\nthird\n")
    }
}
