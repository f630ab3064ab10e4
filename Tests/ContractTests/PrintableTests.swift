import Contract
import Testing

@Suite struct PrintableTests {
    @Test(arguments: [
        ("plain", "plain"), ("tab\there", "tab here"), ("a\u{7}b\u{0}c", "abc"), ("\u{202e}evil", "evil"),
        ("é ü 漢", "é ü 漢"), ("\u{1b}[31mred\u{1b}[0m", "red"), ("\u{1b}]0;title\u{7}text", "text"),
    ])
    func controlCharactersGo(_ text: String, _ shown: String) {
        #expect(Printable.line(text) == shown)
    }

    @Test(arguments: [
        ("nvidia-smi-q-x", "nvidia-smi-q-x"), ("../../etc/passwd", "------etc-passwd"), ("", "unnamed"),
        ("a/b\u{0}", "a-b-"),
    ])
    func fileNamesAreTame(_ text: String, _ name: String) {
        #expect(Printable.fileName(text) == name)
    }

    @Test func linesAreBounded() {
        #expect(Printable.line(String(repeating: "x", count: 100_000)).count == 1001, "and a mark that more followed")
    }

    @Test func guestOutputIsCleaned() {
        #expect(Printable.line("\u{1b}[2J\u{1b}]0;title\u{7}\u{1b}(Ba\tb\r\u{8}\u{7f}é".utf8) == "a bé")
        #expect(Printable.line("\u{1b}Pdevice\u{1b}\\x\u{1b}]0;no end".utf8) == "x")
        // C1 control, and a right-to-left override.
        #expect(Printable.line("a\u{9b}31mb\u{202e}c".utf8) == "a31mbc")
        #expect(Printable.line(String(repeating: "x", count: 1000).utf8, limit: 10) == "xxxxxxxxxx…")
        #expect(Printable.line([0xff, 0xfe, 0x41]).hasSuffix("A"))
    }
}
