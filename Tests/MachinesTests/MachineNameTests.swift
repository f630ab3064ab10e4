import Testing

@testable import Machines

@Suite struct MachineNameTests {
    @Test(arguments: ["a", "web", "debian12.gpu", "A-1_b.c", "0", String(repeating: "x", count: 64)])
    func names(_ name: String) {
        #expect(MachineName.isValid(name))
    }

    @Test(arguments: [
        "", ".", "..", "-x", "_x", "a/b", "/", "a b", "a\nb", "ä", "a*", "a%h", "x\u{1b}[0m",
        String(repeating: "x", count: 65),
    ])
    func noNames(_ name: String) throws {
        #expect(!MachineName.isValid(name))
        #expect(throws: (any Error).self) { try MachineName.check(name) }
    }

    @Test(arguments: [
        ("/images/debian12.gpu.qcow2", "debian12.gpu"), ("disk", "disk"), ("/a/.hidden", "hidden"),
        ("/a/my disk (1).qcow2", "my-disk--1-"), ("/a/ü.qcow2", "vm"), ("/", "vm"),
        ("/a/" + String(repeating: "n", count: 70) + ".qcow2", String(repeating: "n", count: 64)),
    ])
    func suggestions(_ image: String, _ name: String) {
        #expect(MachineName.suggested(forImage: image) == name)
        #expect(MachineName.isValid(name))
    }
}
