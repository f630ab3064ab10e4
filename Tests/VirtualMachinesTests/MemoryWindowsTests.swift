import Passthrough
import Testing

@testable import VirtualMachines

@Suite struct MemoryWindowsTests {
    static func low(_ bytes: UInt64) -> PCIRegion { PCIRegion(size: bytes, is64Bit: false, isPrefetchable: false) }
    static func high(_ bytes: UInt64) -> PCIRegion { PCIRegion(size: bytes, is64Bit: true, isPrefetchable: true) }
    static let ports = PCIRegion(size: 128, isMemory: false, is64Bit: false, isPrefetchable: false)

    static func many(_ card: [PCIRegion], _ count: Int) -> [[PCIRegion]] { Array(repeating: card, count: count) }

    static let gtx1050Ti: [PCIRegion] = [
        low(16 << 20), high(256 << 20), high(32 << 20), ports, low(512 << 10), low(16 << 10),
    ]
    /// 80 GB: BAR0 16 MiB, BAR1 128 GiB, BAR3 32 MiB, all 64-bit prefetchable.
    static let h100: [PCIRegion] = [high(16 << 20), high(128 << 30), high(32 << 20)]
    /// 24 GB with Resizable BAR: BAR1 is 32 GiB.
    static let rebar24: [PCIRegion] = [low(16 << 20), high(32 << 30), high(32 << 20), ports]

    static let needs: [([[PCIRegion]], MachineType, Int64, UInt64?, Int)] = [
        // Nothing, or what the defaults hold: no argument.
        ([], .q35, 4, nil, 36), ([gtx1050Ti], .pc, 4, nil, 34), ([gtx1050Ti], .q35, 4, nil, 36),
        (many(gtx1050Ti, 14), .q35, 4, nil, 36),
        // 14 × 288 MiB are more than pc's 2 GiB.
        (many(gtx1050Ti, 14), .pc, 4, 8, 34),
        // 32 GiB and a little is more than 32 GiB: the next power of two.
        ([rebar24], .q35, 4, 64, 37), ([rebar24], .pc, 4, 64, 37),
        ([h100], .q35, 64, 256, 39),
        // Each behind a port whose window is aligned to 128 GiB: seven take 256 GiB, the last 128.
        (many(h100, 8), .q35, 512, 2048, 42),
        // A small card does not push a large one to the next boundary.
        ([gtx1050Ti, h100], .q35, 8, 256, 39),
    ]

    @Test(arguments: MemoryWindowsTests.needs) func windows(
        _ cards: [[PCIRegion]], _ machine: MachineType, memory: Int64, gibibytes: UInt64?, bits: Int
    ) {
        let found = MemoryWindows.needed(
            cards: cards.map { ($0, false) }, machine: machine, memoryBytes: memory << 30)
        #expect(found.high == gibibytes.map { $0 << 30 })
        #expect(found.addressBits == bits)
        let total = cards.joined().filter(\.isHigh).reduce(UInt64(0)) { $0 + $1.size }
        if let high = found.high {
            #expect(high.nonzeroBitCount == 1)
            #expect(high > total)
        }
    }

    /// Reserves are powers of two, since OVMF rounds up; a card that comes later needs room for that.
    @Test func reserves() {
        #expect(PortReserve(regions: Self.gtx1050Ti) == PortReserve(memory: 32 << 20, prefetchable: 512 << 20))
        #expect(PortReserve(regions: Self.h100) == PortReserve(memory: 2 << 20, prefetchable: 256 << 30))
        #expect(PortReserve(regions: []) == PortReserve(memory: 2 << 20, prefetchable: 2 << 20))
        let later = MemoryWindows.needed(
            cards: Array(repeating: (Self.h100, true), count: 8), machine: .q35, memoryBytes: 1 << 30)
        #expect(later.high == 4096 << 30)
        #expect(later.reserves.count == 8)
    }

    @Test func warnsWhereItCannotBeHad() {
        let eight = MemoryWindows.needed(
            cards: Array(repeating: (Self.h100, false), count: 8), machine: .q35, memoryBytes: 512 << 30)
        let uefi = Firmware.uefi(code: "/c", variables: "/v")
        #expect(eight.warnings(physicalBits: 46, firmware: uefi).isEmpty)
        #expect(eight.warnings(physicalBits: nil, firmware: uefi).isEmpty)
        #expect(eight.warnings(physicalBits: 39, firmware: uefi).first?.contains("39 address bits") == true)
        let vast = MemoryWindows(high: 32 << 40, addressBits: 46, reserves: [])
        #expect(vast.warnings(physicalBits: 52, firmware: uefi).count == 1)
        #expect(vast.warnings(physicalBits: 52, firmware: .bios).isEmpty)
        let small = MemoryWindows.needed(cards: [(Self.gtx1050Ti, false)], machine: .q35, memoryBytes: 1 << 30)
        #expect(small.warnings(physicalBits: 36, firmware: .bios).isEmpty)
    }

    @Test func physicalBits() {
        #expect(
            physicalAddressBits(cpuinfo: "flags\t: fpu\naddress sizes\t: 46 bits physical, 48 bits virtual\n") == 46)
        #expect(physicalAddressBits(cpuinfo: "address sizes\t: odd") == nil)
        #expect(physicalAddressBits(cpuinfo: "") == nil)
    }
}
