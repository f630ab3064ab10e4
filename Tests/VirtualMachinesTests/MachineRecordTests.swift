import Contract
import FoundationEssentials
import Host
import HostFakes
import Testing
@testable import VirtualMachines

@Suite struct MachineRecordTests {
    @Test func readsWhatItWrote() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let record = MachineRecord(
            pid: 7, startTime: 8, hostBootID: "b", specification: QEMUArgumentsTests.plain, arguments: ["/qemu"],
            launchedAt: 1.5, consoleOffset: 3)
        try record.write(to: folder.path + "/vm.json")
        #expect(try MachineRecord.read(from: folder.path + "/vm.json") == record)
        #expect(try MachineRecord.read(from: folder.path + "/none.json") == nil)
    }

    /// A record of version 1 as it lies on disks: it must stay readable.
    @Test func readsVersion1() throws {
        let record = try #require(try MachineRecord.read(from: fixtures + "/golden/vm-record-1.json"))
        #expect(record.pid == 4242)
        #expect(record.specification == QEMUArgumentsTests.plain)
    }

    @Test(arguments: [#"{"schema": 99}"#, "garbage", "{}", #"{"schema": 1}"#])
    func refusesWhatItDoesNotKnow(text: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = try folder.write("vm.json", text.utf8)
        #expect(throws: Failure.self) { try MachineRecord.read(from: path) }
        let failure = await failure { _ = try await VirtualMachine.adopt(folder: folder.path) }
        #expect(failure?.code == .runDiffers)
    }

    @Test func aDeadOrForeignProcessIsNotAdopted() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let pid = ProcessInfo.processInfo.processIdentifier
        let start = try #require(ProcessStat(pid: pid)).startTime
        // This very process under another start time; the right one after another boot; no such process.
        for (pid, start, boot) in [(pid, start + 1, hostBootID()), (pid, start, "x"), (Int32.max, start, hostBootID())]
        {
            let record = MachineRecord(
                pid: pid, startTime: start, hostBootID: boot, specification: QEMUArgumentsTests.plain, arguments: [],
                launchedAt: 0)
            try record.write(to: folder.path + "/vm.json")
            #expect(try await VirtualMachine.adopt(folder: folder.path) == nil)
        }
    }
}
