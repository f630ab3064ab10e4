import Testing
import VirtualMachines

/// Which firmware a disk needs, by its first bytes.
@Suite struct DiskLayoutTests {
    static let systemPartition: [UInt8] = [
        0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b,
    ]

    /// A GPT disk whose second partition is of `type`.
    static func gpt(_ type: [UInt8], bootCode: Bool, entrySize: UInt8 = 128) -> [UInt8] {
        var disk = [UInt8](repeating: 0, count: 1 << 20)
        if bootCode { disk[0] = 0xeb }
        disk[446 + 4] = 0xee
        disk[510] = 0x55
        disk[511] = 0xaa
        disk.replaceSubrange(512..<520, with: "EFI PART".utf8)
        disk[512 + 72] = 2
        disk[512 + 80] = 128
        disk[512 + 84] = entrySize
        let second = 1024 + Int(entrySize)
        disk.replaceSubrange(second..<second + 16, with: type)
        return disk
    }

    @Test func biosByBootCode() {
        var disk = emptyDisk()
        disk[3] = 0x90
        #expect(DiskLayout(firstBytes: disk)?.firmware == .bios)
    }

    @Test func unknownWithoutBootCodeAndESP() {
        #expect(DiskLayout(firstBytes: emptyDisk())?.firmware == .unknown)
    }

    @Test func uefiByMBRType() {
        var disk = emptyDisk()
        disk[446 + 16 + 4] = 0xef
        #expect(DiskLayout(firstBytes: disk)?.firmware == .uefi)
    }

    @Test func uefiByGPTType() {
        let layout = DiskLayout(firstBytes: Self.gpt(Self.systemPartition, bootCode: false))
        #expect(layout == DiskLayout(firstBytes: Self.gpt(Self.systemPartition, bootCode: false)))
        #expect(layout?.hasGPT == true)
        #expect(layout?.firmware == .uefi)
    }

    @Test func bothIsBIOS() {
        #expect(DiskLayout(firstBytes: Self.gpt(Self.systemPartition, bootCode: true))?.firmware == .bios)
    }

    @Test func gptWithoutESP() {
        let linux = [UInt8](repeating: 7, count: 16)
        #expect(DiskLayout(firstBytes: Self.gpt(linux, bootCode: false))?.firmware == .unknown)
    }

    @Test(arguments: [0, 1, 511, 512, 1024])
    func shortOrEmptyIsNoDisk(count: Int) {
        #expect(DiskLayout(firstBytes: Array(repeating: 0, count: count)) == nil)
    }

    @Test func bootSectorOfAFileSystemIsNoDisk() {
        var sector = [UInt8](repeating: 0, count: 512)
        sector[0] = 0xeb
        sector[510] = 0x55
        sector[511] = 0xaa
        #expect(DiskLayout(firstBytes: sector) == nil)
    }

    /// The numbers in a GPT header are the image's, and may be anything.
    @Test func absurdGPTHeadersAreSurvived() {
        for offset in [72, 79, 80, 83, 84, 87] {
            var disk = Self.gpt(Self.systemPartition, bootCode: false)
            disk[512 + offset] = 0xff
            _ = DiskLayout(firstBytes: disk)
        }
        var short = Array(Self.gpt(Self.systemPartition, bootCode: false)[..<1100])
        #expect(DiskLayout(firstBytes: short)?.firmware == .unknown)
        short[512 + 84] = 0
        #expect(DiskLayout(firstBytes: short)?.firmware == .unknown)
    }
}
