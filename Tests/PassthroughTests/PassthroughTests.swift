import Contract
import FoundationEssentials
import Host
import HostFakes
import Passthrough
import Testing

/// Fixture trees of sysfs in a temporary folder.
@Suite struct PassthroughTests {
    /// Adds a function to a tree.
    static func add(
        _ address: String, to folder: TemporaryFolder, classCode: String = "0x030000", driver: String? = nil,
        group: Int? = nil
    ) throws {
        let files = FileManager.default
        let device = folder.path + "/sys/bus/pci/devices/" + address
        try files.createDirectory(atPath: device, withIntermediateDirectories: true)
        let contents = [
            "vendor": "0x10de\n", "device": "0x1b80\n", "class": classCode + "\n",
            "resource": """
            0x00000000de000000 0x00000000deffffff 0x0000000000040200
            0x00000000c0000000 0x00000000cfffffff 0x000000000014220c
            0x0000000000000000 0x0000000000000000 0x0000000000000000

            """,
        ]
        for (name, content) in contents {
            _ = try folder.write("sys/bus/pci/devices/\(address)/\(name)", content.utf8)
        }
        if let driver {
            try files.createSymbolicLink(
                atPath: device + "/driver", withDestinationPath: "../../../bus/pci/drivers/" + driver)
        }
        if let group {
            try files.createSymbolicLink(
                atPath: device + "/iommu_group", withDestinationPath: "../../kernel/iommu_groups/\(group)")
            let members = folder.path + "/sys/kernel/iommu_groups/\(group)/devices"
            try files.createDirectory(atPath: members, withIntermediateDirectories: true)
            try files.createSymbolicLink(atPath: members + "/" + address, withDestinationPath: device)
        }
    }

    static func problems(_ build: (TemporaryFolder) throws -> Void) throws -> [Failure] {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try build(folder)
        let gpu = try #require(PCIAddress("41:00.0"))
        return HostPCI(FolderTree(root: folder.path)).passthroughProblems(of: gpu)
    }

    @Test(arguments: [
        ("41:00.0", "0000:41:00.0"), ("0000:41:00.0", "0000:41:00.0"), ("00AB:cD:1f.7", "00ab:cd:1f.7"),
    ])
    func addresses(text: String, full: String) throws {
        let address = try #require(PCIAddress(text))
        #expect(address.description == full)
        let coded = try JSONDecoder().decode([PCIAddress].self, from: JSONEncoder().encode([address]))
        #expect(coded == [address])
    }

    @Test(arguments: [
        "", "41:00", "41:00.8", "41:20.0", "4:00.0", "+1:00.0", "000:41:00.0", "0:0000:41:00.0", "41:00.0 ",
        "41:00.0,x=y",
        "gg:00.0", "４1:00.0",
    ])
    func notAddresses(text: String) {
        #expect(PCIAddress(text) == nil)
    }

    @Test func readsADevice() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try Self.add("0000:41:00.0", to: folder, driver: "vfio-pci", group: 7)
        let address = try #require(PCIAddress("41:00.0"))
        let device = try HostPCI(FolderTree(root: folder.path)).device(address)
        #expect(
            device
                == HostPCIDevice(
                    address: address, vendor: 0x10de, device: 0x1b80, classCode: 0x030000, driver: "vfio-pci",
                    iommuGroup: 7, bars: [16 << 20, 256 << 20, 0, 0, 0, 0]))
        #expect(try HostPCI(FolderTree(root: folder.path)).groupMembers(7) == [device])
    }

    @Test func readyGPU() throws {
        let problems = try Self.problems { folder in
            try Self.add("0000:41:00.0", to: folder, driver: "vfio-pci", group: 7)
            try Self.add("0000:41:00.1", to: folder, classCode: "0x040300", driver: "vfio-pci", group: 7)
            try Self.add("0000:40:01.0", to: folder, classCode: "0x060400", driver: "pcieport", group: 7)
            try Self.add("0000:41:00.2", to: folder, classCode: "0x0c0330", group: 7)
        }
        #expect(problems.isEmpty)
    }

    @Test func missingGPU() throws {
        let problems = try Self.problems { _ in }
        #expect(problems.count == 1)
        #expect(problems.first?.message.contains("no PCI device") == true)
    }

    @Test func iommuOffAndHostDriver() throws {
        let problems = try Self.problems { try Self.add("0000:41:00.0", to: $0, driver: "nouveau") }
        #expect(problems.count == 2)
        #expect(problems.contains { $0.message.contains("IOMMU is off") })
        #expect(problems.contains { $0.remedy.contains("driver/unbind") && $0.message.contains("nouveau") })
    }

    @Test func groupMateOnAHostDriver() throws {
        let problems = try Self.problems { folder in
            try Self.add("0000:41:00.0", to: folder, driver: "vfio-pci", group: 7)
            try Self.add("0000:41:00.1", to: folder, classCode: "0x040300", driver: "snd_hda_intel", group: 7)
        }
        #expect(
            problems.map(\.message) == ["0000:41:00.1 shares IOMMU group 7 and is on the host driver snd_hda_intel."])
    }
}
