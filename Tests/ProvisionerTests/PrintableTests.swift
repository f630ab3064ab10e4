import Testing

@testable import Provisioner

@Suite struct PrintableTests {
    @Test(arguments: [
        ("plain", "plain"), ("tab\there", "tab here"), ("a\u{7}b\u{0}c", "abc"), ("\u{202e}evil", "evil"),
        ("é ü 漢", "é ü 漢"),
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
        #expect(Printable.line(String(repeating: "x", count: 100_000)).count == 1000)
    }
}
