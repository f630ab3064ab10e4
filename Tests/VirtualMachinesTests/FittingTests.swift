import Contract
import Host
import HostFakes
import Passthrough
import SystemPackage
import Testing

@testable import VirtualMachines

/// A host's files in a folder, and the answers that a folder cannot give.
private struct FakeHost: HostTree {
    let folder: TemporaryFolder
    var lock: String?
    private var files: FolderTree { FolderTree(root: folder.path) }

    init(_ texts: [String: String], lock: String? = nil) throws {
        folder = try TemporaryFolder()
        self.lock = lock
        for (path, text) in texts { try folder.write(String(path.dropFirst()), text.utf8) }
    }

    func read(_ path: String, limit: Int) -> Result<[UInt8], Errno> { files.read(path, limit: limit) }
    func names(_ path: String) -> Result<[String], Errno> { files.names(path) }
    func link(_ path: String) -> Result<String, Errno> { files.link(path) }
    func status(_ path: String) -> Result<HostFileStatus, Errno> { files.status(path) }
    func answer(_ probe: HostProbe) async -> HostAnswer? {
        guard probe == .memoryLock, let lock else {
            Issue.record("nobody was to ask \(probe)")
            return nil
        }
        return HostAnswer(status: 0, text: lock)
    }
}

@Suite struct FittingTests {
    static let nodes = "/sys/devices/system/node"

    static func pages(_ size: Int, total: Int, free: Int, reserved: Int = 0, node: (Int, free: Int)? = nil) -> [String:
        String]
    {
        let pool = "hugepages-\(size)kB"
        var files = [
            "/sys/kernel/mm/hugepages/\(pool)/nr_hugepages": "\(total)\n",
            "/sys/kernel/mm/hugepages/\(pool)/free_hugepages": "\(free)\n",
            "/sys/kernel/mm/hugepages/\(pool)/resv_hugepages": "\(reserved)\n",
        ]
        if let node {
            files["\(nodes)/node\(node.0)/hugepages/\(pool)/free_hugepages"] = "\(node.free)\n"
            files["\(nodes)/node\(node.0)/hugepages/\(pool)/nr_hugepages"] = "\(total)\n"
        }
        return files
    }

    static let freePages: [(HugepageRequest, Int, Int, Int64, Int?)] = [
        // Enough of both: the larger. Too few large ones: the smaller.
        (HugepageRequest.largest, 4, 4096, 2 << 20, nil as Int?), (.largest, 1, 4096, 2 << 20, nil),
        (.size(2 << 20), 8, 4096, 2 << 20, nil), (.size(1 << 30), 4, 0, 1 << 30, nil),
        // The node has its own count.
        (.size(2 << 20), 0, 4096, 2 << 20, 1),
    ]

    @Test(arguments: FittingTests.freePages) func takesFreeHugepages(
        _ request: HugepageRequest, large: Int, small: Int, expected: Int64, node: Int?
    ) throws {
        let host = try FakeHost(
            Self.pages(1 << 20, total: 8, free: large, node: (1, large)).merging(
                Self.pages(2048, total: 5000, free: small, node: (1, small))
            ) { one, _ in one })
        defer { host.folder.remove() }
        // 2 GiB, except where 4 large pages are to do.
        let memory: Int64 = request == .largest && large == 4 ? 4096 << 20 : 2048 << 20
        let found = try chooseHugepages(request, memoryBytes: memory, node: node, tree: host)
        #expect(found == (request == .largest && large == 4 ? 1 << 30 : expected))
    }

    @Test func saysHowManyHugepagesAreMissing() throws {
        let host = try FakeHost(Self.pages(2048, total: 1000, free: 600, reserved: 100, node: (1, 20)))
        defer { host.folder.remove() }
        func refusal(_ request: HugepageRequest, memory: Int64, node: Int? = nil) -> Failure? {
            #expect(throws: Failure.self) {
                try chooseHugepages(request, memoryBytes: memory, node: node, tree: host)
            }
        }
        let few = refusal(.largest, memory: 2 << 30)
        #expect(few?.code == .hostMemory)
        #expect(few?.message.contains("take 1024 hugepages of 2 MiB; 500 are free.") == true)
        // 524 more than there are.
        #expect(few?.remedy.contains("echo 1524 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages") == true)
        let node = refusal(.size(2 << 20), memory: 1 << 30, node: 1)
        #expect(node?.message.contains("20 are free on NUMA node 1") == true)
        #expect(node?.remedy.contains("node1/hugepages/") == true)
        #expect(refusal(.size(1 << 30), memory: 2 << 30)?.code == .optionInvalid)
        #expect(refusal(.largest, memory: 3 << 20)?.code == .optionInvalid)
        // This guest may hold them itself.
        #expect(
            try chooseHugepages(.largest, memoryBytes: 2 << 30, node: nil, mayBeHeld: true, tree: host) == 2 << 20)
    }

    static let twoNodes = [
        "\(nodes)/online": "0-1\n", "\(nodes)/node0/cpulist": "0-3,8-11\n", "\(nodes)/node1/cpulist": "4-7,12-15\n",
        "\(nodes)/node0/meminfo": "Node 0 MemTotal:       65796064 kB\nNode 0 MemFree: 1 kB\n",
        "\(nodes)/node1/meminfo": "Node 1 MemTotal:        8388608 kB\n",
        "/proc/self/status": "Name:\tx\nCpus_allowed_list:\t0-5,12\n",
    ]

    static let nodeChoices: [(NUMARequest, [Int?], Int64, Int?, [Int], Int)] = [
        (NUMARequest.auto, [0], 4, 0, [0, 1, 2, 3], 0), (.auto, [1, 1], 4, 1, [4, 5, 12], 0),
        (.auto, [1, nil], 4, 1, [4, 5, 12], 0), (.auto, [nil], 4, nil, [], 0), (.auto, [], 4, nil, [], 0),
        // On two nodes, or too large for its node: left out, and said.
        (.auto, [0, 1], 4, nil, [], 1), (.auto, [1], 16, nil, [], 1),
        (.off, [1], 4, nil, [], 0), (.node(1), [0], 4, 1, [4, 5, 12], 0), (.node(0), [], 4, 0, [0, 1, 2, 3], 0),
    ]

    @Test(arguments: FittingTests.nodeChoices) func choosesANode(
        _ request: NUMARequest, gpus: [Int?], memory: Int64, node: Int?, cpus: [Int], warnings: Int
    ) throws {
        let host = try FakeHost(Self.twoNodes)
        defer { host.folder.remove() }
        let found = try chooseNUMANode(request, gpuNodes: gpus, memoryBytes: memory << 30, tree: host)
        #expect(found.binding == node.map { NUMABinding(node: $0, cpus: cpus) })
        #expect(found.warnings.count == warnings)
    }

    @Test func oneNodeAndNodesThatCannotBe() throws {
        var files = Self.twoNodes
        files["\(Self.nodes)/node1/cpulist"] = "\n"
        let host = try FakeHost(files)
        defer { host.folder.remove() }
        func refusal(_ node: Int, memory: Int64 = 1 << 30) -> Failure? {
            #expect(throws: Failure.self) {
                try chooseNUMANode(.node(node), gpuNodes: [], memoryBytes: memory, tree: host)
            }
        }
        #expect(refusal(2)?.code == .optionInvalid)
        #expect(refusal(1)?.message.contains("no processor") == true)
        #expect(refusal(0, memory: 100 << 30)?.code == .hostMemory)
        let single = try FakeHost(["\(Self.nodes)/online": "0\n", "\(Self.nodes)/node0/cpulist": "0-3\n"])
        defer { single.folder.remove() }
        #expect(try chooseNUMANode(.auto, gpuNodes: [0], memoryBytes: 1 << 30, tree: single).binding == nil)
        #expect(
            try chooseNUMANode(.node(0), gpuNodes: [], memoryBytes: 1 << 30, tree: single).binding?.cpus == [
                0, 1, 2, 3,
            ])
    }

    @Test func lists() {
        #expect(cpuNumbers("0-3,8,10-11") == [0, 1, 2, 3, 8, 10, 11])
        for text in ["", "x", "3-1", "-", "0-99999999", "1-2-3"] { #expect(cpuNumbers(text).isEmpty, "\(text)") }
        #expect(NUMABinding(node: 0, cpus: [11, 0, 1, 2, 8, 10]).cpuList == "0-2,8,10-11")
        #expect(NUMABinding(node: 0, cpus: []).cpuList == "")
    }

    static let locks: [(String, String, Bool)] = [
        ("8388608 8388608", "0000000000000000", true), ("8388608 unlimited", "0", false),
        ("8388608 8589934592", "0", false),
        // CAP_IPC_LOCK, CAP_SYS_RESOURCE, root's.
        ("8388608 8388608", "0000000000004000", false), ("8388608 8388608", "0000000001000000", false),
        ("65536 65536", "000001ffffffffff", false), ("odd", "0", false),
    ]

    @Test(arguments: FittingTests.locks) func memoryThatMayNotBeLocked(
        _ limits: String, capabilities: String, refused: Bool
    )
        async throws
    {
        let host = try FakeHost(["/proc/self/status": "CapPrm:\t0\nCapEff:\t\(capabilities)\n"], lock: limits + "\n")
        defer { host.folder.remove() }
        let problem = await memoryLockProblem(memoryBytes: 4 << 30, tree: host)
        #expect((problem != nil) == refused)
        if refused { #expect(problem?.message.contains("4096 MiB") == true && problem?.code == .hostMemory) }
    }

    static let resource = """
        0x00000000f6000000 0x00000000f6ffffff 0x0000000000040200
        0x00000000e0000000 0x00000000efffffff 0x000000000014220c
        0x0000000000000000 0x0000000000000000 0x0000000000000000
        0x00000000f0000000 0x00000000f1ffffff 0x000000000014220c
        0x0000000000000000 0x0000000000000000 0x0000000000000000
        0x000000000000e000 0x000000000000e07f 0x0000000000040101
        0x00000000f7000000 0x00000000f707ffff 0x0000000000046200
        """

    static func function(_ address: String, node: Int, resource: String = resource) -> [String: String] {
        let folder = "/sys/bus/pci/devices/\(address)"
        return [
            "\(folder)/vendor": "0x10de\n", "\(folder)/device": "0x1c82\n", "\(folder)/class": "0x030000\n",
            "\(folder)/resource": resource, "\(folder)/numa_node": "\(node)\n",
        ]
    }

    @Test func fitsAMachineToItsHost() async throws {
        var files = Self.twoNodes
        for name in ["0000:41:00.0", "0000:41:00.1"] { files.merge(Self.function(name, node: 1)) { one, _ in one } }
        files.merge(Self.pages(2048, total: 4096, free: 4096, node: (1, 4096))) { one, _ in one }
        files["/proc/cpuinfo"] = "address sizes\t: 46 bits physical, 48 bits virtual\n"
        let host = try FakeHost(files, lock: "unlimited unlimited\n")
        defer { host.folder.remove() }
        let gpu = try #require(PCIAddress("41:00.0"))
        let audio = try #require(PCIAddress("41:00.1"))
        var request = FitRequest(
            cards: [gpu], machine: .q35, firmware: .bios, accelerator: .kvm, memoryBytes: 4 << 30,
            hugepages: .largest)
        let (fit, warnings) = try await fitMachine(request, to: host)
        #expect(warnings.isEmpty)
        #expect(fit.gpus == [.vfio(gpu, companions: [audio])])
        #expect(fit.windows?.high == nil)
        #expect(fit.windows?.reserves == [PortReserve(memory: 64 << 20, prefetchable: 1 << 30)])
        #expect(fit.numa == NUMABinding(node: 1, cpus: [4, 5, 12]))
        #expect(fit.hugepageBytes == 2 << 20)
        var spec = QEMUArgumentsTests.plain
        spec.apply(fit)
        #expect(spec.gpus == fit.gpus && spec.hugepageBytes == 2 << 20 && spec.numa?.node == 1)

        // All that is wrong at once.
        request.cards = [try #require(PCIAddress("42:00.0"))]
        request.numa = .node(7)
        request.hugepages = .size(1 << 30)
        let wrong = request
        let failures = await #expect(throws: Failures.self) { try await fitMachine(wrong, to: host) }
        #expect(failures?.all.map(\.code) == [.gpuUnavailable, .optionInvalid, .optionInvalid])
    }

    @Test func regionsOfAFunction() throws {
        let host = try FakeHost(Self.function("0000:41:00.0", node: 0))
        defer { host.folder.remove() }
        let regions = HostPCI(host).regions(of: try #require(PCIAddress("41:00.0")))
        #expect(regions.map(\.size) == [16 << 20, 256 << 20, 32 << 20, 128, 512 << 10])
        #expect(regions.map(\.isHigh) == [false, true, true, false, false])
        #expect(regions.map(\.isMemory) == [true, true, true, false, true])
    }
}
