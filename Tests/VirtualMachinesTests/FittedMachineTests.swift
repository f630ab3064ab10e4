import Contract
import FoundationEssentials
import Host
import HostFakes
import Passthrough
import Testing

@testable import VirtualMachines

/// The real QEMU understands the arguments of fitted machines, as far as that can be seen without a VFIO device; the guest
/// never runs.
@Suite(.serialized, .timeLimit(.minutes(3))) struct FittedMachineTests {
    /// Starts a paused machine as `change` makes it, asks, and ends it.
    private static func ask(
        _ change: (inout MachineSpecification) throws -> Void, _ questions: (VirtualMachine) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var spec = try await pausedMachine(in: folder)
        try change(&spec)
        if case .uefi(let code, let template) = spec.firmware {
            spec.firmware = try OVMF(code: code, variablesTemplate: template).copyVariables(
                to: folder.path + "/vars.fd")
        }
        let machine = try await VirtualMachine.launch(spec)
        do {
            try await questions(machine)
        } catch {
            try? await machine.quit()
            throw error
        }
        try await machine.quit()
    }

    private static func property(_ path: String, _ name: String, of machine: VirtualMachine) async throws -> JSONValue {
        try await machine.execute("qom-get", arguments: ["path": .string(path), "property": .string(name)])
    }

    /// "bus:device" of every device that the machine has, by its id.
    private static func places(of machine: VirtualMachine) async throws -> [String: String] {
        var places: [String: String] = [:]
        func note(_ device: JSONValue) {
            guard case .object(let fields) = device, case .number(let bus)? = fields["bus"],
                case .number(let slot)? = fields["slot"], case .number(let function)? = fields["function"]
            else { return }
            if case .string(let id)? = fields["qdev_id"] { places[id] = "\(Int(bus)):\(Int(slot)).\(Int(function))" }
            if case .object(let bridge)? = fields["pci_bridge"], case .array(let devices)? = bridge["devices"] {
                for device in devices { note(device) }
            }
        }
        guard case .array(let buses) = try await machine.execute("query-pci") else { return [:] }
        for case .object(let bus) in buses {
            if case .array(let devices)? = bus["devices"] { for device in devices { note(device) } }
        }
        return places
    }

    @Test(arguments: [MachineType.q35, .pc]) func windows(_ type: MachineType) async throws {
        try await Self.ask {
            $0.machine = type
            $0.windows = MemoryWindows(high: 64 << 30, addressBits: 38, reserves: [])
        } _: { machine in
            let host = type == .q35 ? "/machine/q35" : "/machine/i440fx"
            let size = try await Self.property(host, "pci-hole64-size", of: machine)
            #expect(size == .number(Double(64 << 30)))
        }
    }

    @Test func uefiWindow() async throws {
        guard let ovmf = try? OVMF.find() else { return }
        try await Self.ask {
            $0.firmware = ovmf.firmware
            $0.windows = MemoryWindows(high: 256 << 30, addressBits: 39, reserves: [])
        } _: { machine in
            #expect(machine.record.arguments.contains("name=opt/ovmf/X-PciMmio64Mb,string=262144"))
            let size = try await Self.property("/machine/q35", "pci-hole64-size", of: machine)
            #expect(size == .number(Double(256 << 30)))
        }
    }

    /// More than the processor's address bits: QEMU says so, and so do we.
    @Test func aWindowBeyondTheAddressBitsIsExplained() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var spec = try await pausedMachine(in: folder)
        spec.windows = MemoryWindows(high: 2 << 40, addressBits: 42, reserves: [])
        let large = spec
        let failure = await failure { _ = try await VirtualMachine.launch(large) }
        #expect(failure?.code == .gpuUnavailable)
        #expect(failure?.evidence.contains { $0.contains("phys-bits too low") } == true)
    }

    @Test func reserveOfAnEmptyPort() async throws {
        try await Self.ask {
            $0.gpus = [.awaited]
            $0.windows = MemoryWindows(
                high: nil, addressBits: 37, reserves: [PortReserve(memory: 32 << 20, prefetchable: 512 << 20)])
        } _: { machine in
            let port = "/machine/peripheral/gpu0-port"
            #expect(try await Self.property(port, "pref64-reserve", of: machine) == .number(Double(512 << 20)))
            #expect(try await Self.property(port, "mem-reserve", of: machine) == .number(Double(32 << 20)))
            // A device really goes in.
            try await machine.execute(
                "device_add", arguments: ["driver": .string("edu"), "bus": .string("gpu0-port"), "id": .string("late")])
        }
    }

    @Test(arguments: [MachineType.q35, .pc]) func addressesOnTheRootBus(_ type: MachineType) async throws {
        try await Self.ask {
            $0.machine = type
            $0.gpus = [.simulated, .simulated]
            $0.gpuOptions = GPUOptions(address: 0x16)
        } _: { machine in
            let places = try await Self.places(of: machine)
            #expect(places["gpu0"] == "0:22.0" && places["gpu1"] == "0:23.0")
        }
    }

    @Test func behindRootPorts() async throws {
        try await Self.ask {
            $0.gpus = Array(repeating: .simulated, count: MachineSpecification.gpuLimit)
        } _: { machine in
            let places = try await Self.places(of: machine)
            #expect(places["gpu0-port"] == "0:16.0" && places["gpu13-port"] == "0:29.0")
            // No firmware has numbered the buses behind the ports yet: QEMU's own tree tells who sits where.
            for index in 0..<MachineSpecification.gpuLimit {
                let bus = try await Self.property("/machine/peripheral/gpu\(index)", "parent_bus", of: machine)
                #expect(bus == .string("/machine/peripheral/gpu\(index)-port/gpu\(index)-port"))
            }
        }
    }

    /// Memory from one node; the guest's processors, and they alone, on the named ones.
    @Test func pinned() async throws {
        let online = FolderTree(root: "/").attribute("/sys/devices/system/node/online") ?? ""
        guard
            let binding = try chooseNUMANode(
                .node(cpuNumbers(online).first ?? 0), gpuNodes: [], memoryBytes: 1, tree: LiveHost()
            ).binding,
            let last = binding.cpus.last
        else { return }
        let one = NUMABinding(node: binding.node, cpus: [last])
        try await Self.ask {
            $0.cpus = 2
            $0.numa = one
        } _: { machine in
            guard case .array(let backends) = try await machine.execute("query-memdev") else { throw Failures([]) }
            guard case .object(let memory)? = backends.first else { throw Failures([]) }
            #expect(memory["policy"] == .string("bind"))
            #expect(memory["host-nodes"] == .array([.number(Double(one.node))]))
            let threads = processorThreads(try await machine.execute("query-cpus-fast"))
            #expect(threads.count == 2)
            for thread in threads {
                let status = FolderTree(root: "/").text("/proc/\(machine.record.pid)/task/\(thread)/status") ?? ""
                #expect(status.contains("Cpus_allowed_list:\t\(last)\n"))
            }
        }
    }

    /// Without free hugepages QEMU refuses, in words that are explained; with them it starts.
    @Test func hugepages() async throws {
        let free = FolderTree(root: "/").attribute("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var spec = try await pausedMachine(in: folder)
        spec.hugepageBytes = 2 << 20
        let huge = spec
        if Int(free ?? "0") ?? 0 >= 64 {
            let machine = try await VirtualMachine.launch(huge)
            guard case .array(let backends) = try await machine.execute("query-memdev") else { throw Failures([]) }
            try await machine.quit()
            #expect(backends.count == 1)
        } else {
            let failure = await failure { _ = try await VirtualMachine.launch(huge) }
            #expect(failure?.code == .hostMemory, "\(failure?.evidence ?? [])")
        }
    }

    /// The limit is lifted for the program alone.
    @Test func memoryLockOfTheChildAlone() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        func ours() async -> String? { await LiveHost().answer(.memoryLock)?.text }
        let before = await ours()
        let child = try await MachineProcess.spawn(
            "/bin/sh", ["-c", "ulimit -S -l; echo \"$0 $*\"", "a b", "c"], folder: folder.path,
            log: folder.path + "/log", liftingMemoryLock: true)
        #expect(await child.wait() == .exited(0))
        let hard = try await toolOutput("sh", ["-c", "ulimit -H -l"], package: "dash", operation: "ask for the limit")
        let lines = folder.read("log").split(separator: "\n").map { String($0) }
        #expect(["unlimited", String(hard.dropLast())].contains(lines.first ?? ""))
        #expect(lines.last == "a b c")
        #expect(await ours() == before)
        // From a soft limit below the hard one.
        let lowered = try await toolOutput(
            "sh", ["-c", "ulimit -S -l 64; exec /bin/sh -c \"$1\" sh /bin/sh -c 'ulimit -S -l'", "sh", memoryLockLift],
            package: "dash", operation: "lower the limit")
        #expect(["unlimited\n", hard].contains(lowered))
    }
}
