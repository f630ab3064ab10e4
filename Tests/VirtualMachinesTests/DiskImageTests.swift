import Contract
import FoundationEssentials
import Host
import HostFakes
import Testing
@testable import VirtualMachines

/// Against the real qemu-img (Debian: qemu-utils), which Scripts/test installs.
@Suite(.timeLimit(.minutes(2))) struct DiskImageTests {
    @Test(arguments: ["qcow2", "vmdk", "vdi", "vhdx", "vpc"])
    func knowsAndConvertsFormats(format: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let raw = try folder.write("disk.raw", emptyDisk())
        let image = folder.path + "/disk." + format
        try await QemuImg.convert(raw, from: "raw", to: image, as: format)
        let info = try await QemuImg.info(image)
        #expect(info.format == format)
        // vpc rounds up to its geometry.
        #expect(info.virtualSize >= 1 << 20)
        #expect(info.actualSize > 0)
        #expect(!info.isDirty && !info.isCorrupt && info.backingFile == nil)
        #expect(try await bootFirmware(of: image, format: format) == .unknown)
        let back = folder.path + "/back.qcow2"
        try await QemuImg.convert(image, from: format, to: back, compressed: true)
        #expect(try await QemuImg.info(back).format == "qcow2")
        try await QemuImg.check(back)
    }

    @Test func overlayLeavesTheImageAsItIs() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var disk = emptyDisk()
        disk[0] = 0xeb
        let base = try folder.write("ba,se.raw", disk)
        let overlay = folder.path + "/overlay.qcow2"
        try await QemuImg.createOverlay(at: overlay, backing: base, backingFormat: "raw", size: 8 << 20)
        let info = try await QemuImg.info(overlay)
        #expect(info.virtualSize == 8 << 20)
        #expect(info.backingFile == base)
        #expect(info.backingFormat == "raw")
        #expect(try await bootFirmware(of: overlay, format: "qcow2") == .bios)
        try await QemuImg.resize(overlay, to: 16 << 20)
        #expect(try await QemuImg.info(overlay).virtualSize == 16 << 20)
        #expect(FileManager.default.contents(atPath: base) == Data(disk))
    }

    @Test func commitWritesIntoTheImage() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let raw = try folder.write("disk.raw", emptyDisk())
        let base = folder.path + "/base.qcow2"
        try await QemuImg.convert(raw, from: "raw", to: base)
        let overlay = folder.path + "/overlay.qcow2"
        try await QemuImg.createOverlay(at: overlay, backing: base, backingFormat: "qcow2")
        let written = try await runTool(
            "qemu-io", ["-f", "qcow2", "-c", "write -P 0xeb 0 440", overlay], package: "qemu-utils", operation: "write")
        #expect(written.status == 0)
        #expect(try await bootFirmware(of: base, format: "qcow2") == .unknown)
        try await QemuImg.commit(overlay)
        #expect(try await bootFirmware(of: base, format: "qcow2") == .bios)
        // Again, as after a crash: the overlay still holds what was written.
        try await QemuImg.commit(overlay)
        #expect(try await bootFirmware(of: overlay, format: "qcow2") == .bios)
    }

    @Test func backingIsNotedAnew() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let base = try folder.write("base.raw", emptyDisk())
        let overlay = folder.path + "/overlay.qcow2"
        try await QemuImg.createOverlay(at: overlay, backing: base, backingFormat: "raw")
        try await QemuImg.setBacking(of: overlay, to: "base.raw", format: "raw")
        #expect(try await QemuImg.info(overlay).backingFile == base)
    }

    @Test func rawMustBeADisk() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        #expect(try await QemuImg.info(folder.write("disk.img", emptyDisk())).format == "raw")
        for (name, bytes) in [
            ("text", Array("hello\n".utf8)), ("empty", []), ("zeros", Array(repeating: 0, count: 4096)),
        ] {
            let path = try folder.write(name, bytes)
            let failure = await failure { _ = try await QemuImg.info(path) }
            #expect(failure?.code == .imageUnreadable, "\(name)")
        }
    }

    @Test func garbageBehindAHeaderIsUnreadable() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = try folder.write(
            "bad.qcow2", Array("QFI\u{fb}".unicodeScalars.map { UInt8($0.value) }) + [9, 9, 9, 9])
        let failure = await failure { _ = try await QemuImg.info(path) }
        #expect(failure?.code == .imageUnreadable)
        #expect(failure?.evidence.isEmpty == false)
    }

    @Test func missingImageAndMissingBacking() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let missing = await failure { _ = try await QemuImg.info(folder.path + "/none.qcow2") }
        #expect(missing?.code == .imageMissing)
        let base = try folder.write("base.raw", emptyDisk())
        let overlay = folder.path + "/overlay.qcow2"
        try await QemuImg.createOverlay(at: overlay, backing: base, backingFormat: "raw")
        try FileManager.default.removeItem(atPath: base)
        let orphan = await failure { _ = try await bootFirmware(of: overlay, format: "qcow2") }
        #expect(orphan?.code == .imageMissing)
    }

    @Test func missingToolIsNamedWithItsPackage() async throws {
        let failure = await failure {
            _ = try await runTool("no-such-tool", [], package: "the-package", operation: "try")
        }
        #expect(failure?.code == .toolMissing)
        #expect(failure?.remedy.contains("the-package") == true)
    }
}
