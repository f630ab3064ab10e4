import Contract
import FoundationEssentials
import Glibc
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

    /// A VM that was cut off had connections: the kernel remembers them for a minute, and its port is its own all the same.
    @Test func aPortIsTakenWhileSomebodyListensAndNotByWhatHeLeaves() throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        func on(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var reuse: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        let port = try freeLoopbackPort()
        address.sin_port = port.bigEndian
        try #require(on { bind(listener, $0, $1) } == 0 && listen(listener, 1) == 0)
        #expect(!isLoopbackPortFree(port))
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try #require(on { connect(client, $0, $1) } == 0)
        let server = accept(listener, nil, nil)
        try #require(server >= 0)
        // Who closes first is left with TIME_WAIT.
        close(server)
        var byte: UInt8 = 0
        #expect(read(client, &byte, 1) == 0)
        close(client)
        close(listener)
        #expect(isLoopbackPortFree(port))
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
