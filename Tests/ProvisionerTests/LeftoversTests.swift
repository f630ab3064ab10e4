import Contract
import FoundationEssentials
import Testing
import VirtualMachines

@testable import Provisioner

/// What an earlier command left, and what a new one does with it.
@Suite struct LeftoversTests {
    private let context = JobContext(licencesAccepted: true, progress: { _ in })

    private func touch(_ path: String) throws {
        let folder = path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "x".write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// A mistyped name must not cost the unfinished run its archives.
    @Test(arguments: [RunRecord.Phase.provisioning, .ended]) func startingOverInVainKeepsTheDrives(
        _ phase: RunRecord.Phase
    ) async throws {
        let state = try Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: state) }
        let job = Samples.job(image: "\(state)/missing.qcow2", output: "\(state)/out.qcow2")
        let folder = RunFolder(state: state, resultPath: job.resultPath)
        try folder.create()
        let drive = "\(folder.payloadsPath)/a.tar"
        try touch(drive)
        try touch("\(folder.payloadsPath)/b.tar")
        var record = Samples.record(job, phase: phase)
        record.prepared.drives = [PayloadDrive(path: drive, serial: "samples")]
        try folder.save(record)

        await #expect(throws: (any Error).self) {
            _ = try await Provisioning(job: job, context: context, state: state, startOver: true).run()
        }
        #expect(FileManager.default.fileExists(atPath: drive) == (phase != .ended))
        #expect(!FileManager.default.fileExists(atPath: "\(folder.payloadsPath)/b.tar"))
    }

    @Test func aRunRemovesWhatAKilledDryRunLeft() async throws {
        let state = try Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: state) }
        let job = Samples.job(image: "\(state)/missing.qcow2", output: "\(state)/out.qcow2")
        let left = RunFolder(state: state, resultPath: job.resultPath).dryRun
        try left.create()
        func run() async {
            await #expect(throws: (any Error).self) {
                _ = try await Provisioning(job: job, context: context, state: state).run()
            }
        }
        do {
            let atWork = try RunLock(folder: left)
            await run()
            #expect(FileManager.default.fileExists(atPath: left.path))
            withExtendedLifetime(atWork) {}
        }
        await run()
        #expect(!FileManager.default.fileExists(atPath: left.path))
    }

    /// A VM that may live is found by the folder.
    @Test func aFolderWhoseMachineMayLiveStays() async throws {
        let state = try Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: state) }
        let job = Samples.job(image: "\(state)/missing.qcow2", output: "\(state)/out.qcow2")
        let left = RunFolder(state: state, resultPath: job.resultPath).dryRun
        try left.create()
        let record = MachineFolder(left.vmPath).record
        let provisioning = Provisioning(job: job, context: context, state: state)
        try "{}".write(toFile: record, atomically: true, encoding: .utf8)
        await #expect(throws: (any Error).self) { _ = try await provisioning.dryRun() }
        #expect(FileManager.default.fileExists(atPath: record))
        await provisioning.endKilledDryRun(left)
        #expect(FileManager.default.fileExists(atPath: record))
        try FileManager.default.removeItem(atPath: record)
        await provisioning.endKilledDryRun(left)
        #expect(!FileManager.default.fileExists(atPath: left.path))
    }
}
