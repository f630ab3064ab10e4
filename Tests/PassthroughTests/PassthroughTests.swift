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

    @Test(arguments: [
        ("41:00.0", "0000:41:00.0"), ("0000:41:00.0", "0000:41:00.0"), ("00AB:cD:1f.7", "00ab:cd:1f.7"),
        ("41:00", "0000:41:00.0"), ("0002:41:00", "0002:41:00.0"), ("00000000:41:00.0", "0000:41:00.0"),
        ("10000:01:00.0", "10000:01:00.0"), ("pci@0000:41:00.1", "0000:41:00.1"), ("PCI@41:00.1", "0000:41:00.1"),
        ("pci_0000_41_00_0", "0000:41:00.0"), ("pci_10000_e1_00_0", "10000:e1:00.0"),
        ("FFFFFFFF:FF:1F.7", "ffffffff:ff:1f.7"), ("/sys/bus/pci/devices/0000:41:00.0", "0000:41:00.0"),
    ])
    func addresses(text: String, full: String) throws {
        let address = try #require(PCIAddress(text))
        #expect(address.description == full)
        let coded = try JSONDecoder().decode([PCIAddress].self, from: JSONEncoder().encode([address]))
        #expect(coded == [address])
    }

    @Test(arguments: [
        "", "41", "41:00.8", "41:20.0", "4:00.0", "+1:00.0", "000:41:00.0", "0:0000:41:00.0", "41:00.0 ",
        "41:00.0,x=y",
        "gg:00.0", "４1:00.0", "10de:1c82", "000000000:41:00.0", "pci_41_00_0", "pci_0000_41_00", "41:00.", "41:00.0.0",
        ":", ".",
        "/dev/vfio/41:00.0", "/sys/", "pci@",
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

    @Test func missingGPU() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let address = try #require(PCIAddress("41:00.0"))
        let pci = HostPCI(FolderTree(root: folder.path))
        let failure = #expect(throws: Failure.self) { try pci.card(address) }
        #expect(failure?.message.contains("no PCI device") == true)
    }

    /// Companions by slot, mates by group; bridges are neither.
    @Test func cardAndItsGroup() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try Self.add("0000:41:00.0", to: folder, driver: "vfio-pci", group: 7)
        try Self.add("0000:41:00.1", to: folder, classCode: "0x040300", driver: "vfio-pci", group: 8)
        try Self.add("0000:40:01.0", to: folder, classCode: "0x060400", driver: "pcieport", group: 7)
        try Self.add("0000:42:00.0", to: folder, classCode: "0x020000", driver: "e1000e", group: 7)
        try Self.add("0000:43:00.0", to: folder, classCode: "0x010802", group: 8)
        try Self.add("0000:44:00.0", to: folder, classCode: "0x010802", driver: "nvme", group: 9)
        let address = try #require(PCIAddress("41:00.0"))
        let card = try HostPCI(FolderTree(root: folder.path)).card(address)
        #expect(card.functions.map(\.address.description) == ["0000:41:00.0", "0000:41:00.1"])
        #expect(card.groups == [7, 8])
        #expect(card.groupMates.map(\.address.description) == ["0000:42:00.0", "0000:43:00.0"])
    }

    /// Copies of sysfs that lost links and files: what udev is told says it too, and the groups' folders.
    @Test func incompleteTree() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let device = "sys/bus/pci/devices/10000:01:00.0"
        try folder.write(
            "\(device)/uevent",
            "DRIVER=vfio-pci\nPCI_CLASS=30200\nPCI_ID=10DE:20B0\nPCI_SUBSYS_ID=10DE:134F\nPCI_SLOT_NAME=10000:01:00.0\n"
                .utf8)
        // The link became a folder.
        try folder.write("\(device)/iommu_group/type", "DMA\n".utf8)
        try folder.write("\(device)/resource", "0x0 0xffffffffffffffff 0x0\nnonsense\n0x5\n0x9 0x3 0x0\n".utf8)
        try folder.write("sys/kernel/iommu_groups/12/devices/10000:01:00.0/vendor", "0x10de\n".utf8)
        try folder.write("sys/bus/pci/devices/0000:99:00.0/vendor", "0x10de\n".utf8)
        let devices = HostPCI(FolderTree(root: folder.path)).allDevices()
        let address = try #require(PCIAddress("10000:01:00.0"))
        #expect(
            devices == [
                HostPCIDevice(
                    address: address, vendor: 0x10de, device: 0x20b0, classCode: 0x030200, driver: "vfio-pci",
                    iommuGroup: 12, bars: [0, 0, 0, 0, 0, 0], subsystemVendor: 0x10de, subsystemDevice: 0x134f)
            ])
    }

    @Test func virtualFunctionsBelongToNoCard() throws {
        func device(_ text: String, virtual: Bool) throws -> HostPCIDevice {
            HostPCIDevice(
                address: try #require(PCIAddress(text)), vendor: 0x10de, device: 0x20b0, classCode: 0x030200,
                driver: nil, iommuGroup: 3, bars: [], isVirtualFunction: virtual)
        }
        let all = [try device("41:00.0", virtual: false), try device("41:00.4", virtual: true)]
        #expect(all[0].card(among: all).companions.isEmpty)
        #expect(all[0].card(among: all).groupMates == [all[1]])
        #expect(all[1].card(among: all).functions == [all[1]])
    }
}
