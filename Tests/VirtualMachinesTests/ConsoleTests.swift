import Contract
import FoundationEssentials
import HostFakes
import Testing
@testable import VirtualMachines

@Suite struct ConsoleTests {
    @Test(arguments: [
        (
            "[    1.2] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
            ConsoleFinding.kernelPanic
        ),
        ("[  1.23] ---[ end Kernel panic - not syncing: Attempted to kill init! ]---", .kernelPanic),
        ("No bootable device.", .noBootableDevice),
        ("BdsDxe: No bootable option or device was found.", .noBootableDevice),
        ("grub rescue> ", .bootLoader),
        ("Gave up waiting for root file system device.  Common problems:", .rootNotFound),
        ("Gave up waiting for root device.  Common problems:", .rootNotFound),
        ("ALERT!  /dev/disk/by-uuid/1234 does not exist.  Dropping to a shell!", .rootNotFound),
        (
            "[  190.1] dracut-initqueue[298]: Warning: dracut-initqueue timeout - starting timeout scripts",
            .rootNotFound
        ),
        ("You are in emergency mode. After logging in, type \"journalctl -xb\" to view", .emergencyMode),
        ("Give root password for maintenance", .emergencyMode),
    ])
    func findings(line: String, finding: ConsoleFinding) {
        #expect(ConsoleWatch.diagnose(line: line) == finding)
    }

    @Test(arguments: [
        "Booting from Hard Disk...", "GRUB loading.", "Welcome to GRUB!", "debian login: ",
        "[    0.0] Command line: BOOT_IMAGE=/vmlinuz panic=30 ro quiet",
        "[  OK  ] Reached target emergency.target - Emergency Mode.", "systemd: Condition check: root does not exist",
        "[  OK  ] Started kdump.service - Saves memory after a kernel panic.",
    ])
    func ordinaryLines(line: String) {
        #expect(ConsoleWatch.diagnose(line: line) == nil)
    }

    @Test func everyFindingHasWords() {
        for finding in ConsoleFinding.allCases {
            #expect(!finding.message.isEmpty)
            for bus in DiskBus.allCases { #expect(!finding.remedy(diskBus: bus).isEmpty) }
        }
        #expect(ConsoleFinding.rootNotFound.remedy(diskBus: .virtio).contains("--disk-bus sata"))
    }

    @Test func reportsTroubleWrittenLaterAndNotEarlier() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let old = Array("Kernel panic - not syncing: an earlier launch\n".utf8)
        let path = try folder.write("serial.log", old)
        let watch = ConsoleWatch(path: path, offset: Int64(old.count), interval: .milliseconds(10))
        async let trouble = watch.waitForTrouble()
        try await Task.sleep(for: .milliseconds(50))
        // In two pieces, cut within the text, the prompt without a newline.
        _ = try folder.write("serial.log", old + Array("\u{1b}[31mline one\u{1b}[0m\r\ngrub resc".utf8))
        try await Task.sleep(for: .milliseconds(50))
        _ = try folder.write("serial.log", old + Array("\u{1b}[31mline one\u{1b}[0m\r\ngrub rescue> ".utf8))
        let failure = try await trouble
        #expect(failure.code == .guestDidNotBoot)
        #expect(failure.side == .guest)
        #expect(failure.evidence == ["line one", "grub rescue> "])
    }

    @Test func isCancellable() async throws {
        let watch = ConsoleWatch(path: "/nonexistent", interval: .milliseconds(10))
        let task = Task { try await watch.waitForTrouble() }
        try await Task.sleep(for: .milliseconds(30))
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }

    @Test func linesAreBounded() {
        var buffer = LineBuffer(limit: 4)
        #expect(buffer.append("ab\ncdefgh".utf8).map { String(decoding: $0, as: UTF8.self) } == ["ab", "cdef"])
        #expect(buffer.append("\n\n".utf8).map { String(decoding: $0, as: UTF8.self) } == ["gh", ""])
        #expect(buffer.rest.isEmpty)
    }
}
