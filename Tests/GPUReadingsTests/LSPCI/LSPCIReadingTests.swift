import GPUReadings
import Testing

@Suite struct LSPCIReadingTests {
    @Test func namesAndNumbers() throws {
        let reading = try LSPCIReading(
            parsing: """
                root@host:~# lspci -nnk
                02:00.0 VGA compatible controller [0300]: NVIDIA Corporation GP104 [GeForce GTX 1080] [10de:1b80] (rev a1)
                \tSubsystem: Micro-Star International Co., Ltd. [MSI] Device [1462:119e]
                \tKernel driver in use: vfio-pci
                \tKernel modules: nvidiafb, nouveau
                02:00.1 Audio device [0403]: NVIDIA Corporation GP104 High Definition Audio Controller [10de:10f0] (rev a1)
                --
                000f:01:00.0 3D controller [0302]: NVIDIA Corporation Device [10de:2941] (rev a1)
                """)
        #expect(reading.devices.map(\.address) == ["0000:02:00.0", "0000:02:00.1", "000f:01:00.0"])
        let gpu = reading.devices[0]
        #expect(gpu.className == "VGA compatible controller" && gpu.classID == "0300" && gpu.isDisplayController)
        #expect(gpu.vendor == "NVIDIA Corporation" && gpu.device == "GP104 [GeForce GTX 1080]" && gpu.revision == "a1")
        #expect(gpu.vendorID == "10de" && gpu.deviceID == "1b80" && gpu.driver == "vfio-pci")
        #expect(gpu.title == "NVIDIA Corporation GP104 [GeForce GTX 1080]")
        #expect(gpu.subsystemVendorID == "1462" && gpu.subsystemDeviceID == "119e")
        #expect(gpu.subsystem == "Micro-Star International Co., Ltd. [MSI] Device")
        #expect(gpu.modules == ["nvidiafb", "nouveau"])
        #expect(reading.devices[1].driver == nil && reading.devices[1].isNVIDIA)
        #expect(reading.gpus.map(\.pciAddress) == ["0000:02:00.0", "000f:01:00.0"])
        #expect(reading.gpus[0].name == .value("GeForce GTX 1080") && reading.gpus[1].name == .absent(.missing))
        #expect(reading.gpus[0][.pciDeviceID] == .value(.text("1B8010DE")))
    }

    @Test(
        arguments: [
            ("NVIDIA Corporation Device 2f18 (rev a1)", "NVIDIA Corporation", "Device 2f18", "2f18"),
            (
                "Advanced Micro Devices, Inc. [AMD] FCH SMBus Controller (rev 59)",
                "Advanced Micro Devices, Inc. [AMD]", "FCH SMBus Controller", nil
            ),
            ("Realtek Semiconductor Co., Ltd. RTL810xE (rev 05)", "Realtek Semiconductor Co., Ltd.", "RTL810xE", nil),
            ("Broadcom Inc. and subsidiaries BCM57414", "Broadcom Inc. and subsidiaries", "BCM57414", nil),
            (
                "Mellanox Technologies MT2910 Family [ConnectX-7]", "Mellanox Technologies",
                "MT2910 Family [ConnectX-7]", nil
            ),
            ("Red Hat, Inc. Virtio 1.0 GPU (rev 01)", "Red Hat, Inc.", "Virtio 1.0 GPU", nil),
            ("Device 1234:1111 (rev 02)", nil, nil, "1111"),
        ] as [(String, String?, String?, String?)])
    func vendors(_ name: String, _ vendor: String?, _ device: String?, _ id: String?) throws {
        let read = try #require(LSPCIReading(parsing: "01:00.0 Display controller: " + name).devices.first)
        #expect(read.vendor == vendor && read.device == device && read.deviceID == id)
        #expect(read.revision == (name.hasSuffix(")") ? String(name.suffix(3).dropLast()) : nil))
    }

    @Test func numbersAlone() throws {
        let device = try #require(
            LSPCIReading(parsing: "01:00.0 0300: 10de:1b80 (rev a1)\n\tSubsystem: 1462:119e").devices.first)
        #expect(device.classID == "0300" && device.className == nil && device.vendor == nil && device.revision == "a1")
        #expect(device.vendorID == "10de" && device.deviceID == "1b80" && device.subsystemDeviceID == "119e")
        #expect(device.isNVIDIA && device.isDisplayController)
    }

    @Test func verbose() throws {
        let reading = try LSPCIReading(
            parsing: """
                01:00.0 VGA compatible controller: NVIDIA Corporation AD102 [GeForce RTX 4090] (rev a1) (prog-if 00 [VGA controller])
                \tSubsystem: NVIDIA Corporation AD102 [GeForce RTX 4090]
                \tControl: I/O+ Mem+ BusMaster+
                \tPhysical Slot: 4
                \tInterrupt: pin A routed to IRQ 147
                \tNUMA node: 1
                \tIOMMU group: 15
                \tRegion 0: Memory at f5000000 (32-bit, non-prefetchable) [size=16M]
                \tRegion 1: Memory at f000000000 (64-bit, prefetchable) [size=32G]
                \tRegion 5: I/O ports at f000 [size=128]
                \tExpansion ROM at f6000000 [virtual] [disabled] [size=512K]
                \tCapabilities: [78] Express (v2) Legacy Endpoint, MSI 00
                \t\tLnkCap:\tPort #0, Speed 16GT/s, Width x16, ASPM L1, Exit Latency L1 <4us
                \t\tLnkSta:\tSpeed 2.5GT/s (downgraded), Width x8 (downgraded)
                \tKernel driver in use: nvidia

                02:00.0 Ethernet controller: X
                """)
        let device = try #require(reading.devices.first)
        #expect(reading.devices.count == 2 && reading.devices[1].driver == nil)
        #expect(device.programmingInterface == "00" && device.revision == "a1" && device.driver == "nvidia")
        #expect(device.physicalSlot == "4" && device.numaNode == 1 && device.iommuGroup == 15)
        #expect(device.regions.map(\.sizeBytes) == [16 << 20, 32 << 30, 128, 512 << 10])
        #expect(
            device.regions.map(\.number) == [0, 1, 5, nil]
                && device.regions.map(\.kind) == [.memory, .memory, .ports, .rom])
        #expect(device.regions[1].prefetchable == true && device.regions[1].bits == 64 && device.regions[3].disabled)
        #expect(device.regions[0].address == "f5000000" && device.regions[0].prefetchable == false)
        #expect(device.linkCapability?.generation == 4 && device.link?.generation == 1 && device.link?.width == 8)
        #expect(device.other.map(\.path) == ["Control", "Interrupt", "Capabilities"])
        let gpu = try #require(reading.gpus.first)
        #expect(gpu[.pcieLinkGeneration] == .value(.integer(1)) && gpu[.pcieLinkWidthMax] == .value(.integer(16)))
    }

    @Test func flagsAndRegisters() throws {
        let device = try #require(
            LSPCIReading(
                parsing: """
                    04:00.0 VGA compatible controller: NVIDIA Corporation Device 1b06 (rev a1)
                    \tSubsystem: Micro-Star International Co., Ltd. [MSI] Device 360a
                    \tFlags: bus master, fast devsel, latency 0, IRQ 31, IOMMU group 1
                    \t[virtual] Expansion ROM at f9000000 [disabled] [size=512K]
                    \tMemory at <unassigned> (64-bit, prefetchable)
                    00: de 10 06 1b 07 00 10 00 a1 00 00 03 00 00 80 00
                    20: 7f 02 00 00 01 c0 00 00 00 00 00 00 62 14 0a 36
                    """
            ).devices.first)
        #expect(device.vendorID == "10de" && device.deviceID == "1b06" && device.classID == "0300")
        #expect(device.subsystemVendorID == "1462" && device.subsystemDeviceID == "360a" && device.iommuGroup == 1)
        #expect(device.regions.map(\.kind) == [.rom, .memory] && device.regions[1].address == nil)
    }

    @Test func forPrograms() throws {
        let blocks = try LSPCIReading(
            parsing: """
                Slot:\t0000:01:00.0
                Class:\tVGA compatible controller [0300]
                Vendor:\tNVIDIA Corporation [10de]
                Device:\tGP107 [GeForce GTX 1050 Ti] [1c82]
                SVendor:\tDevice [1b4c]
                SDevice:\tDevice [11bf]
                Rev:\ta1
                ProgIf:\t00
                Driver:\tnvidia
                Module:\tnouveau
                Module:\tnvidia
                NUMANode:\t0
                IOMMUGroup:\t17

                Slot:\t0000:02:00.0
                Class:\tEthernet controller

                """)
        #expect(blocks.devices.map(\.address) == ["0000:01:00.0", "0000:02:00.0"])
        let device = blocks.devices[0]
        #expect(device.classID == "0300" && device.vendor == "NVIDIA Corporation" && device.vendorID == "10de")
        #expect(device.device == "GP107 [GeForce GTX 1050 Ti]" && device.deviceID == "1c82")
        #expect(device.subsystemVendorID == "1b4c" && device.subsystemDeviceID == "11bf" && device.revision == "a1")
        #expect(device.driver == "nvidia" && device.modules == ["nouveau", "nvidia"] && device.iommuGroup == 17)
        #expect(device.title == "NVIDIA Corporation GP107 [GeForce GTX 1050 Ti]" && device.numaNode == 0)

        let lines = try LSPCIReading(
            parsing:
                "01:00.0 \"VGA compatible controller\" \"NVIDIA Corporation\" \"GP107\" -ra1 -p00 \"Maker\" \"Device 11bf\"\n"
        )
        #expect(lines.devices[0].vendor == "NVIDIA Corporation" && lines.devices[0].device == "GP107")
        #expect(lines.devices[0].revision == "a1" && lines.devices[0].subsystemDeviceID == "11bf")
        #expect(lines.devices[0].subsystem == "Maker Device 11bf" && lines.gpus.count == 1)
    }

    @Test func complaintsBetweenTheLines() throws {
        let reading = try LSPCIReading(
            parsing:
                "01:00.0 3D controller: NVIDIA Corporation X\npcilib: sysfs_read_vpd: read failed: No such device\n"
                + "\tKernel driver in use: nvidia\n")
        #expect(reading.devices.map(\.driver) == ["nvidia"])
    }

    /// A line that is cut leaves nothing to the device before it.
    @Test func linesOfNobody() throws {
        let reading = try LSPCIReading(
            parsing:
                "01:00.0 VGA compatible controller: A Corporation B\nuser@host:~$ cat x\n\tKernel driver in use: i915\n"
                + "[0300]: Intel Corporation UHD Graphics [8086:a788] (rev 04)\n\tKernel driver in use: xe\n")
        #expect(
            reading.devices.map(\.driver) == [nil, "xe"] && reading.devices.map(\.address) == ["0000:01:00.0", ""])
        #expect(reading.devices[1].classID == "0300" && reading.devices[1].deviceID == "a788")
    }

    @Test(arguments: [
        "", "hello", "01:00 x", "01:00.0", "01:00.0 x", "Slot: x", "1:00.0 VGA", "zz:00.0 VGA: x", "\t\n",
    ])
    func refusesOthers(_ text: String) {
        #expect(throws: ReadingError.self) { try LSPCIReading(parsing: text) }
    }

    @Test func seeds() throws {
        let before = try LSPCIReading(parsing: Fixtures.seed("host-lspci-before.txt"))
        #expect(before.devices.map(\.driver) == ["vfio-pci", "snd_hda_intel"])
        let after = try LSPCIReading(parsing: Fixtures.seed("guest-lspci-after.txt"))
        #expect(after.gpus.map(\.name) == [.value("GeForce GTX 1050 Ti")])
        #expect(after.devices.map(\.driver) == [nil, "nvidia"])
    }

    @Test(.enabled(if: Fixtures.corpus != nil, "there is no corpus beside the project"))
    func recordings() throws {
        for (name, text) in try Fixtures.texts("lspci") {
            let reading = try LSPCIReading(parsing: text)
            // Every line that has an address is a device's.
            let lines = text.split(separator: "\n").filter { line in
                guard let word = line.split(separator: " ").first, !line.hasPrefix(" ") else { return false }
                return word.contains(".") && word.contains(":") && !word.hasSuffix(":")
            }
            // One recording begins in the middle of a device's line.
            #expect(reading.devices.count == lines.count + (text.hasPrefix("[") ? 1 : 0), "\(name)")
            #expect(!reading.gpus.isEmpty || name.contains("delaunay") || name.contains("gb200"), "\(name)")
            #expect(reading.devices.allSatisfy { $0.className != nil }, "\(name)")
            let drivers = reading.devices.filter { $0.driver != nil }.count
            let said = text.split(separator: "\n").filter { $0.contains("Kernel driver in use") }.count
            #expect(drivers == said, "\(name)")
        }
    }
}
