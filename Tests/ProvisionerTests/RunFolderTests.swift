import Contract
import FoundationEssentials
import Testing

@testable import Provisioner

@Suite struct RunFolderTests {
    @Test func recordSurvivesTheDisk() throws {
        let folder = RunFolder(state: try Samples.folder(), resultPath: "/images/disk.gpu.qcow2")
        try folder.create()
        #expect(try folder.load() == nil)
        try folder.save(Samples.record(phase: .sealing))
        let loaded = try #require(try folder.load())
        #expect(loaded.phase == .sealing)
        #expect(loaded.job == Samples.job())
    }

    @Test(arguments: [#"{"schema": 99}"#, #"{"schema": 1}"#, "", "[]"])
    func aRecordThatIsNotUnderstoodIsRefused(_ text: String) throws {
        let folder = RunFolder(state: try Samples.folder(), resultPath: "/x")
        try folder.create()
        try folder.write(Data(text.utf8), to: folder.recordPath)
        let failure = #expect(throws: Failure.self) { try folder.load() }
        #expect(failure?.code == .runDiffers)
    }

    @Test func oneProcessAtATime() throws {
        let folder = RunFolder(state: try Samples.folder(), resultPath: "/x")
        try folder.create()
        let held = try RunLock(folder: folder)
        let failure = #expect(throws: Failure.self) { _ = try RunLock(folder: folder) }
        #expect(failure?.code == .runLocked)
        #expect(failure?.message.contains("\(ProcessInfo.processInfo.processIdentifier)") == true)
        withExtendedLifetime(held) {}
    }

    @Test func clearingKeepsTheLock() throws {
        let folder = RunFolder(state: try Samples.folder(), resultPath: "/x")
        try folder.create()
        let held = try RunLock(folder: folder)
        try folder.save(Samples.record())
        try folder.clear()
        #expect(try folder.load() == nil)
        #expect(throws: Failure.self) { _ = try RunLock(folder: folder) }
        withExtendedLifetime(held) {}
    }
}
