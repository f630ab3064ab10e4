import Contract
import FoundationEssentials
import Testing
import VirtualMachines

@testable import Provisioner

/// Publishing with the real qemu-img on small disks.
@Suite struct PublishingTests {
    private func base(in folder: String) async throws -> PreparedJob.Image {
        let raw = "\(folder)/base.raw"
        try Data(repeating: 0x5a, count: 1 << 20).write(to: URL(filePath: raw))
        let path = "\(folder)/base.qcow2"
        try await QemuImg.convert(raw, from: "raw", to: path)
        return PreparedJob.Image(
            path: path, format: "qcow2", virtualSize: 1 << 20, inode: 0, size: 1 << 20, modifiedNanoseconds: 0)
    }

    private func publishing(_ destination: Job.Destination, _ image: PreparedJob.Image) async throws -> Publishing {
        var job = Samples.job(image: image.path)
        job.destination = destination
        let disk = WorkDisk(job: job, runID: "r")
        try await disk.create(from: image, size: nil)
        return Publishing(job: job, image: image, disk: disk)
    }

    @Test func overlayIsRenamedAndSaysWhatItNeeds() async throws {
        let folder = try Samples.folder()
        let image = try await base(in: folder)
        let publishing = try await publishing(.overlay(path: "\(folder)/result.qcow2"), image)
        let section = try await publishing.publish()
        #expect(section.result == "\(folder)/result.qcow2")
        #expect(section.backing == image.path)
        #expect(!publishing.disk.exists)
        // Entered again after a crash: the work disk is gone, the result is there.
        #expect(try await publishing.publish() == section)
    }

    /// Killed between giving the result its name and taking the temporary one away.
    @Test func cutShortBetweenTheTwoNames() async throws {
        let folder = try Samples.folder()
        let image = try await base(in: folder)
        let overlay = try await publishing(.overlay(path: "\(folder)/overlay.qcow2"), image)
        try FileManager.default.linkItem(atPath: overlay.disk.path, toPath: "\(folder)/overlay.qcow2")
        #expect(try await overlay.publish().result == "\(folder)/overlay.qcow2")
        #expect(!overlay.disk.exists)

        let flat = try await publishing(.standalone(path: "\(folder)/flat.qcow2"), image)
        try await QemuImg.convert(flat.disk.path, from: "qcow2", to: "\(flat.disk.path).flat")
        try FileManager.default.linkItem(atPath: "\(flat.disk.path).flat", toPath: "\(folder)/flat.qcow2")
        #expect(try await flat.publish().backing == nil)
        // And after the work disk went.
        try FileManager.default.linkItem(atPath: "\(folder)/flat.qcow2", toPath: "\(flat.disk.path).flat")
        #expect(try await flat.publish().backing == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.contains(".partial") })
    }

    @Test func standaloneNeedsNothing() async throws {
        let folder = try Samples.folder()
        let section = try await publishing(.standalone(path: "\(folder)/result.qcow2"), try await base(in: folder))
            .publish()
        #expect(section.backing == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.contains(".partial") })
    }

    @Test func anExistingFileIsNeverReplaced() async throws {
        let folder = try Samples.folder()
        let publishing = try await publishing(.overlay(path: "\(folder)/result.qcow2"), try await base(in: folder))
        try Data("mine".utf8).write(to: URL(filePath: "\(folder)/result.qcow2"))
        await #expect(throws: Failure.self) { try await publishing.publish() }
        #expect(FileManager.default.contents(atPath: "\(folder)/result.qcow2") == Data("mine".utf8))
        #expect(publishing.disk.exists, "the finished disk is kept for the next run")
    }

    @Test func inPlaceCommitsAndCanBeRepeated() async throws {
        let folder = try Samples.folder()
        let image = try await base(in: folder)
        let publishing = try await publishing(.inPlace, image)
        #expect(try await publishing.publish().result == image.path)
        #expect(try await publishing.publish().result == image.path)
    }

    @Test func inPlaceRefusesABaseThatOthersUse() async throws {
        let folder = try Samples.folder()
        let image = try await base(in: folder)
        try await QemuImg.createOverlay(
            at: "\(folder)/guest1.qcow2", backing: image.path, backingFormat: "qcow2", size: nil)
        await #expect(throws: Failure.self) {
            try await Publishing.requireNoDependents(of: image.path, except: "\(folder)/mine.partial")
        }
        try await Publishing.requireNoDependents(of: image.path, except: "\(folder)/guest1.qcow2")
        // Also through a link to IMAGE from elsewhere.
        let link = try Samples.folder() + "/link.qcow2"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: image.path)
        await #expect(throws: Failure.self) {
            try await Publishing.requireNoDependents(of: link, except: "\(folder)/mine.partial")
        }
    }
}
