import Glibc
import Guest
import GuestFakes
import Testing

@Suite struct SystemRootTests {
    @Test func writesWholeAndKeepsMode() throws {
        let fake = try FakeRoot()
        try fake.root.write("a", to: "/file", mode: 0o600)
        try fake.root.write("bb", to: "/file")
        #expect(try fake.root.text("/file") == "bb")
        var status = stat()
        #expect(stat(fake.root.real("/file"), &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(fake.root.list("/") == ["file"])
    }

    @Test func followsLinksWithinTheGuest() throws {
        let fake = try FakeRoot(["/real/grub": "old", "/etc/x": ""])
        try fake.link("/etc/grub", "/real/grub")
        try fake.link("/etc/relative", "../real/grub")
        try fake.root.write("new", to: "/etc/grub")
        #expect(try fake.root.text("/real/grub") == "new")
        try fake.root.write("newer", to: "/etc/relative")
        #expect(try fake.root.text("/real/grub") == "newer")
        #expect(fake.root.linkTarget("/etc/grub") == "/real/grub")
    }

    @Test func boundsWhatItReads() throws {
        let fake = try FakeRoot(["/long": String(repeating: "x", count: 100_000)])
        #expect(try fake.root.bytes("/long", limit: 10).count == 10)
        #expect(fake.root.textIfReadable("/absent") == nil)
    }

    @Test func removesATreeWithoutFollowingLinks() throws {
        let fake = try FakeRoot(["/keep/file": "1", "/gone/sub/file": "2"])
        try fake.link("/gone/link", "../keep")
        try fake.root.removeTree("/gone")
        #expect(!fake.root.exists("/gone") && fake.root.exists("/keep/file"))
    }
}
