import Contract
import FoundationEssentials
import Host
import HostFakes
import Passthrough
import Testing

/// The trees of Fixtures/hosts (written by its `make`): what `gpus` says of each, against golden files.
/// `UPDATE_GOLDEN=1 swift test --filter HostTreesTests` writes them anew; look at the difference.
@Suite struct HostTreesTests {
    static let folder = fixtures + "/hosts"

    static let names: [String] = FolderTree(root: folder).list("/").filter {
        FolderTree(root: folder).exists("/\($0)/sys")
    }

    static func tree(_ name: String) -> FolderTree { FolderTree(root: "\(folder)/\(name)") }

    static func gpus(_ name: String) throws -> [HostGPU] { try GPUInventory.read(tree(name)).gpus }

    static func json(_ inventory: GPUInventory) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(inventory), as: UTF8.self) + "\n"
    }

    @Test func allAreThere() {
        #expect(Self.names.count >= 11)
    }

    @Test(arguments: names)
    func golden(name: String) throws {
        let inventory = try GPUInventory.read(Self.tree(name))
        let text = inventory.lines(width: 80).joined(separator: "\n") + "\n"
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "no line is longer than 80 columns")
        for (file, told) in [("golden-gpus.txt", text), ("golden-gpus.json", try Self.json(inventory))] {
            let path = "\(Self.folder)/\(name)/\(file)"
            if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
                try Data(told.utf8).write(to: URL(filePath: path))
            }
            #expect(FolderTree(root: "/").text(path) == told, "UPDATE_GOLDEN=1 writes \(file) anew")
        }
        let decoded = try JSONDecoder().decode(GPUInventory.self, from: Data(Self.json(inventory).utf8))
        #expect(decoded == inventory)
    }

    /// A recording says the same as the tree, and holds of pci.ids what it needs.
    @Test(arguments: names)
    func recorded(name: String) throws {
        let tree = RecordingTree(Self.tree(name))
        let inventory = try GPUInventory.read(tree)
        var recording = tree.recording
        recording.shortenPCINames()
        let read = try HostRecording(json: recording.json(), path: "recording")
        #expect(try GPUInventory.read(RecordedTree(read)) == inventory)
        if case .found(let list)? = read.files["/usr/share/misc/pci.ids"] { #expect(list.bytes.count < 1000) }
        // What else processes have open is not in it.
        #expect(!read.links.values.contains(.found("/dev/null")))
        #expect(!read.links.values.contains(.found("/dev/tty7")))
        #expect(!String(decoding: try read.json(), as: UTF8.self).contains("masterKey0"))
    }

    @Test func seedsCard() throws {
        let gpu = try #require(try Self.gpus("gtx1050ti-audio").first)
        #expect(gpu.name == "GP107 [GeForce GTX 1050 Ti]" && gpu.marketingName == "GeForce GTX 1050 Ti")
        #expect(gpu.subsystemVendorID == "1b4c" && gpu.subsystemDeviceID == "11bf" && gpu.subsystemName == nil)
        #expect(gpu.companions.map(\.kind) == ["audio"] && gpu.companions.map(\.driver) == ["snd_hda_intel"])
        #expect(gpu.groupMembers.map(\.relation) == [.card, .card] && gpu.iommuGroup == 27)
        #expect(
            gpu.bars == [
                HostGPU.BAR(index: 0, bytes: 16 << 20), HostGPU.BAR(index: 1, bytes: 256 << 20),
                HostGPU.BAR(index: 3, bytes: 32 << 20), HostGPU.BAR(index: 5, bytes: 128),
            ])
        #expect(gpu.numaNode == 1 && !gpu.bootVGA && !gpu.held)
    }

    @Test func turingsFourFunctions() throws {
        let gpu = try #require(try Self.gpus("turing-four-functions").first)
        #expect(gpu.companions.map(\.kind) == ["audio", "USB", "UCSI"])
        #expect(gpu.groupMembers.map(\.relation) == [.bridge, .card, .card, .card, .card])
        #expect(gpu.subsystemName == "RTX 2080 Ti GAMING X TRIO")
    }

    @Test func serverOfEight() throws {
        let gpus = try Self.gpus("a100x8-switches")
        #expect(gpus.map(\.index) == Array(0..<8) && gpus.allSatisfy { $0.kind == "3D" })
        #expect(gpus.map(\.numaNode) == [3, 3, 1, 1, 7, 7, 5, 5])
        #expect(gpus.allSatisfy { $0.bars.contains { $0.bytes == 128 << 30 } && $0.groupMembers.count == 1 })
        // The first four train; the persistence daemon on all of them does not count; NVSwitches are no GPUs.
        #expect(gpus.map(\.held) == [true, true, true, true, false, false, false, false])
        #expect(gpus.allSatisfy { $0.holders.first?.kind == .persistenceDaemon })
    }

    @Test func holders() throws {
        let trains = try #require(try Self.gpus("nvidia-with-holders").first)
        #expect(
            trains.holders == [
                GPUHolder(pid: 801, name: "nvidia-persiste", kind: .persistenceDaemon, nodes: ["/dev/nvidia1"]),
                GPUHolder(pid: 31337, name: "python3", kind: .process, nodes: ["/dev/nvidia1"]),
            ])
        let inVM = try #require(try Self.gpus("amd-vm-running").first)
        #expect(
            inVM.holders == [
                GPUHolder(pid: 4711, name: "qemu-system-x86", kind: .vm, vm: "win10,games", nodes: ["/dev/vfio/24"])
            ])
        #expect(try GPUInventory.read(Self.tree("amd-vm-running")).automatic == nil)
    }

    @Test func sharedGroupAndNoGroup() throws {
        let shared = try #require(try Self.gpus("group-with-nic").first)
        #expect(shared.sharesGroup && shared.groupMembers.map(\.relation) == [.bridge, .bridge, .card, .other])
        let off = try #require(try Self.gpus("iommu-off").first)
        #expect(off.iommuGroup == nil && off.groupMembers.isEmpty)
    }

    @Test func noPCIBus() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let refusal = await failure { _ = try GPUInventory.read(FolderTree(root: folder.path)) }
        #expect(refusal?.code == .gpuUnavailable && refusal?.evidence == ["/sys/bus/pci/devices"])
        // A copy that has the links and not what they point to.
        let devices = folder.path + "/sys/bus/pci/devices"
        try FileManager.default.createDirectory(atPath: devices, withIntermediateDirectories: true)
        #expect(try GPUInventory.read(FolderTree(root: folder.path)).gpus.isEmpty)
        try FileManager.default.createSymbolicLink(
            atPath: devices + "/0000:01:00.0", withDestinationPath: "../../../devices/pci0000:00/0000:01:00.0")
        let dangling = await failure { _ = try GPUInventory.read(FolderTree(root: folder.path)) }
        #expect(dangling?.message.contains("1 PCI devices are listed, but none can be read") == true)
    }

    /// A minor that the driver does not tell, a process on the driver as a whole, processes of other users.
    @Test func unclearHolders() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for bus in ["41", "42"] {
            try PassthroughTests.add("0000:\(bus):00.0", to: folder, driver: "nvidia", group: 7)
        }
        try folder.write(
            "proc/driver/nvidia/gpus/0000:42:00.0/information", "Model: \t NVIDIA X\nDevice Minor: \t 4\n".utf8)
        func process(_ pid: Int, _ nodes: [String]) throws {
            try folder.write("proc/\(pid)/comm", "p\(pid)\n".utf8)
            let fd = "\(folder.path)/proc/\(pid)/fd"
            try FileManager.default.createDirectory(atPath: fd, withIntermediateDirectories: true)
            for (number, node) in nodes.enumerated() {
                try FileManager.default.createSymbolicLink(atPath: "\(fd)/\(number)", withDestinationPath: node)
            }
        }
        try process(5, ["/dev/nvidiactl", "/dev/nvidia4"])
        try process(6, ["/dev/nvidiactl", "/dev/nvidia-uvm"])
        try process(7, ["/dev/nvidiactl", "/dev/nvidia9", "/dev/null"])
        try process(8, ["/dev/vfio/70", "/dev/vfio/vfio"])
        let gpus = try GPUInventory.read(FolderTree(root: folder.path)).gpus
        #expect(gpus.map(\.title) == ["10de:1b80", "NVIDIA X"])
        #expect(gpus.map { $0.holders.map(\.pid) } == [[6, 7], [5, 6]])
    }
}
