import Foundation
@testable import GPUReadings
import Testing

@Suite struct GPUFactTests {
    @Test func tableHasTheFactsInOrder() {
        #expect(FactTable.shared.rows.map(\.key) == GPUFact.allCases.map { String(describing: $0) })
        #expect(GPUFact(key: "powerDrawWatts") == .powerDrawWatts)
        #expect(GPUFact(key: "no such thing") == nil)
    }

    /// Facts of processes are among the first, so that a process takes little memory.
    @Test func factsOfProcessesComeFirst() {
        for (index, row) in FactTable.shared.rows.enumerated()
        where row.places.joined().contains(where: { $0.hasPrefix("#") }) {
            #expect(index < 64, "\(row.key)")
        }
    }

    @Test func unitIsInTheName() {
        let endings: [FactKind: String] = [
            .percent: "Percent", .decimalPercent: "Percent", .celsius: "Celsius", .megahertz: "MHz", .bytes: "Bytes",
            .throughput: "BytesPerSecond", .us: "Microseconds", .ms: "Milliseconds", .seconds: "Seconds",
            .watts: "Watts",
            .millivolts: "Millivolts", .wattsPerSecond: "WattsPerSecond", .longSeconds: "Seconds",
        ]
        for row in FactTable.shared.rows {
            if let ending = endings[row.kind] { #expect(row.key.hasSuffix(ending), "\(row.key)") }
        }
    }

    @Test(
        arguments: [
            (.temperatureCelsius, "32 C", .value(.integer(32))), (.temperatureCelsius, "-7 C", .value(.integer(-7))),
            (.fanPercent, "04 %", .value(.integer(4))), (.utilizationGPUPercent, "10.5 %", .value(.integer(11))),
            (.powerDrawWatts, "67.03 W", .value(.decimal(67.03))), (.powerDrawWatts, "105W", .value(.decimal(105))),
            (.memoryTotalBytes, "4040 MiB", .value(.integer(4040 << 20))),
            (.memoryTotalBytes, "12MB", .value(.integer(12 << 20))),
            (.memoryTotalBytes, "12", .value(.integer(12 << 20))),
            (.memoryTotalBytes, "8.5 GiB", .value(.integer(17 << 29))),
            (.memoryTotalBytes, "999999999999999999 GiB", .absent(.unreadable("999999999999999999 GiB"))),
            (.temperatureCelsius, "99999999999999999999 C", .absent(.unreadable("99999999999999999999 C"))),
            (.temperatureCelsius, "32 F", .absent(.unreadable("32 F"))),
            (.temperatureCelsius, ".", .absent(.unreadable("."))),
            (.temperatureCelsius, "1.2.3 C", .absent(.unreadable("1.2.3 C"))),
            (.temperatureCelsius, "", .absent(.missing)),
            (.temperatureCelsius, " [Not Supported] ", .absent(.notSupported)),
            (.temperatureCelsius, "GPU is lost", .absent(.gpuLost)), (.name, "N/A", .absent(.notApplicable)),
            (.name, " NVIDIA A100 ", .value(.text("NVIDIA A100"))),
            (.pciDeviceID, "0x1E8110DE", .value(.text("1E8110DE"))),
            (.pciDeviceID, "1E8110DE", .value(.text("1E8110DE"))), (.pciDeviceID, "x", .absent(.unreadable("x"))),
            (.driverVersion, "610.57.04 [Deprecated; will go]", .value(.text("610.57.04"))),
            (.clocksEventIdle, "Not Active", .value(.flag(false))), (.clocksEventIdle, "Active", .value(.flag(true))),
            (.clocksEventIdle, "Perhaps", .absent(.unreadable("Perhaps"))),
            (.remapBanksMax, "640 bank(s)", .value(.integer(640))),
            (.pcieLinkWidth, "16x", .value(.integer(16))), (.pcieLinkWidth, "16", .value(.integer(16))),
            (.pcieReceiveBytesPerSecond, "350 KB/s", .value(.integer(350_000))),
            (.encoderLatencyMicroseconds, "2 ms", .value(.integer(2000))),
            (.edppMultiplierPercent, "100.00%", .value(.decimal(100))),
            (.graphicsVoltageMillivolts, "912.500 mV", .value(.decimal(912.5))),
            (.powerSamplesSeconds, "42158.29 sec", .value(.decimal(42158.29))),
            (.powerSamplesSeconds, "18446744073709.22 sec", .absent(.unreadable("18446744073709.22 sec"))),
            (.powerSamplesSeconds, "Not Found", .absent(.notApplicable)),
            (.vgpuHeterogeneousSizes, "Supported", .value(.flag(true))),
            (.vgpuHeterogeneousSizes, "[Not Supported]", .value(.flag(false))),
            (.vgpuHeterogeneousSizes, "N/A", .absent(.notApplicable)),
            (.vgpuHeterogeneousSizes, "Perhaps", .absent(.unreadable("Perhaps"))),
            (.powerSmoothingProfileRampUpWattsPerSecond, "12.5 W/s", .value(.decimal(12.5))),
            (.powerSmoothingProfileTargetWindow, "3", .value(.decimal(3))),
        ] as [(GPUFact, String, Reading<FactValue>)])
    func values(_ fact: GPUFact, _ text: String, _ reading: Reading<FactValue>) {
        var facts = FactStore()
        let bytes = Array(text.utf8)
        let readable = facts.offer(fact.rawValue, fact.kind, bytes, 0..<bytes.count)
        #expect(facts.value(fact) == reading)
        if case .absent(.unreadable) = reading { #expect(!readable) } else { #expect(readable) }
    }

    @Test func betterPlaceWinsAndAValueIsBetterThanNone() {
        func read(_ offers: [(String, UInt8)]) -> Reading<Double> {
            var facts = FactStore()
            for (text, rank) in offers {
                let bytes = Array(text.utf8)
                facts.offer(GPUFact.powerDrawWatts.rawValue, .watts, rank: rank, bytes, 0..<bytes.count)
            }
            return facts.decimal(.powerDrawWatts)
        }
        #expect(read([("1 W", 1), ("2 W", 0), ("3 W", 2)]) == .value(2))
        #expect(read([("N/A", 0), ("3 W", 2)]) == .value(3))
        #expect(read([("[Not Supported]", 1), ("N/A", 0)]) == .absent(.notApplicable))
        #expect(read([("N/A", 0), ("[Not Supported]", 1)]) == .absent(.notApplicable))
        #expect(read([("1 W", 0), ("2 W", 0)]) == .value(1))
    }

    @Test func unitOfTheColumnIsMeantWhereNoneIsPrinted() {
        var facts = FactStore()
        facts.offer(
            GPUFact.pcieReceiveBytesPerSecond.rawValue, .throughput, [0x37], 0..<1,
            unit: FactUnit.packed("MB/s"))
        #expect(facts.integer(.pcieReceiveBytesPerSecond) == .value(7_000_000))
    }

    @Test func equalityIsOfValues() {
        var (one, other) = (GPUReading(), GPUReading())
        one.name = .value("A")
        one.name = .value("B")
        one.uuid = .value("x")
        other.uuid = .value("x")
        other.name = .value("B")
        #expect(one == other)
        other.processes = [GPUProcessReading()]
        #expect(one != other)
        other.processes = []
        other.temperatureCelsius = .absent(.notApplicable)
        #expect(one != other)
        other.temperatureCelsius = .absent(.missing)
        #expect(one == other)
    }

    @Test func json() throws {
        var gpu = GPUReading()
        gpu.name = .value("NVIDIA A100")
        gpu.powerDrawWatts = .value(67.03)
        gpu.memoryUsedBytes = .value(1 << 40)
        gpu.fanPercent = .absent(.notApplicable)
        gpu.temperatureCelsius = .absent(.unreadable("warm"))
        gpu[.clocksEventIdle] = .value(.flag(true))
        var process = GPUProcessReading()
        process.pid = .value(7)
        gpu.processes = [process]
        gpu.other = [OtherField(path: "a/b", text: "c")]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(
            String(decoding: try encoder.encode(gpu), as: UTF8.self)
                == #"{"clocksEventIdle":true,"fanPercent":{"absent":"notApplicable"},"memoryUsedBytes":1099511627776,"#
                + #""name":"NVIDIA A100","other":[{"path":"a/b","text":"c"}],"powerDrawWatts":67.03,"#
                + #""processes":[{"pid":7}],"temperatureCelsius":{"absent":"unreadable","text":"warm"}}"#)
    }
}
