import Contract
import FoundationEssentials
import Host
import HostFakes
import Testing
@testable import VirtualMachines

@Suite struct HostFactsTests {
    @Test func acceleratorByRequestAndObstacle() throws {
        #expect(try chooseAccelerator(.auto, obstacle: nil).accelerator == .kvm)
        #expect(try chooseAccelerator(.auto, obstacle: "no").accelerator == .tcg)
        #expect(try chooseAccelerator(.auto, obstacle: "no").reason == "no")
        #expect(try chooseAccelerator(.tcg, obstacle: nil).accelerator == .tcg)
        #expect(throws: Failure.self) { try chooseAccelerator(.kvm, obstacle: "no vmx") }
    }

    @Test func choosesSomethingOnThisHost() throws {
        let choice = try chooseAccelerator(.auto)
        #expect(!choice.reason.isEmpty)
        if choice.accelerator == .tcg {
            #expect(throws: Failure.self) { try chooseAccelerator(.kvm) }
        }
    }

    @Test func virtualizationFlags() {
        #expect(hasVirtualizationFlag(cpuinfo: "processor: 0\nflags\t\t: fpu vmx sse\n"))
        #expect(hasVirtualizationFlag(cpuinfo: "flags : svm\n"))
        #expect(!hasVirtualizationFlag(cpuinfo: "flags : fpu\nvmx flags : vnmi\nmodel name : svm\n"))
    }

    @Test func macAddressesAreStable() {
        #expect(macAddress(for: "debian") == macAddress(for: "debian"))
        #expect(macAddress(for: "debian") != macAddress(for: "debian2"))
        #expect(macAddress(for: "x").wholeMatch(of: /52:54:00(:[0-9a-f]{2}){3}/) != nil)
        let names = (0..<2000).map { macAddress(for: "vm-\($0)") }
        #expect(Set(names).count == names.count)
    }

    @Test func portsAreFree() throws {
        #expect(try freeLoopbackPort() >= 1024)
    }

    @Test func freeSpace() {
        #expect((FreeSpace.bytes(at: "/") ?? 0) > 0)
        #expect(FreeSpace.bytes(at: "/nonexistent/x") == nil)
    }

    @Test func processStatOfAnOddName() {
        let line = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 1"
        #expect(ProcessStat(line: line) == ProcessStat(state: "S", startTime: 987654))
        #expect(ProcessStat(line: "garbage") == nil)
        #expect(ProcessStat(pid: ProcessInfo.processInfo.processIdentifier)?.isAlive == true)
    }

    @Test func firmwareFiles() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        #expect(throws: Failure.self) { try OVMF.find(root: folder.path + "/") }
        let ovmf = folder.path + "/usr/share/OVMF"
        try FileManager.default.createDirectory(atPath: ovmf, withIntermediateDirectories: true)
        for name in ["OVMF_CODE.fd", "OVMF_VARS.fd"] {
            _ = try folder.write("usr/share/OVMF/" + name, name.utf8)
        }
        let found = try OVMF.find(root: folder.path + "/")
        #expect(found.code == ovmf + "/OVMF_CODE.fd")
        let copy = folder.path + "/mine.fd"
        #expect(try found.copyVariables(to: copy) == .uefi(code: found.code, variables: copy))
        // A second run keeps what the guest wrote.
        _ = try folder.write("mine.fd", "boot entry".utf8)
        _ = try found.copyVariables(to: copy)
        #expect(folder.read("mine.fd") == "boot entry")
    }
}
