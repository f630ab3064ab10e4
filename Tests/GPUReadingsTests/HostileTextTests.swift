import GPUReadings
import Testing

/// Text from a guest that is not trusted: whatever it is, reading ends with a value or an error.
@Suite struct HostileTextTests {
    /// A generator that gives the same numbers in every run (splitmix64).
    struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    static let xml =
        "<nvidia_smi_log><attached_gpus>1</attached_gpus><gpu id=\"0000:0A:00.0\"><fan_speed>40 %</fan_speed>"
        + "<fb_memory_usage><total>4040 MiB</total></fb_memory_usage><processes><process_info><pid>1</pid>"
        + "</process_info></processes></gpu></nvidia_smi_log>"

    static let seeds = [
        "nvidia-smi.txt", "nvidia-smi-q-d-temperature.txt", "deviceQuery-truncated.txt", "bandwidthTest.txt",
    ]

    private func readAll(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = try? SMIQueryReading(xml: bytes)
        _ = try? SMITableReading(parsing: text)
        _ = try? SMITextReading(parsing: text)
        _ = try? DeviceQueryReading(parsing: text)
        _ = try? BandwidthTestReading(parsing: text)
        _ = try? GPUProbeReading(parsing: text)
        _ = try? NVBandwidthReading(parsing: text)
        _ = try? SMICSVReading(parsing: bytes)
        _ = try? SMICSVReading(parsing: bytes, columns: ["name", "fan.speed"])
        _ = SMIFailure.all(in: text)
    }

    @Test(arguments: 0..<7) func mutationsAndTruncations(_ which: Int) throws {
        let original: [UInt8] =
            switch which {
            case 4: Array(Self.xml.utf8)
            case 5: Array(try Fixtures.text("simulated-outputs/gpu-probe.json").utf8)
            case 6: Array(NVBandwidthReadingTests.text.utf8)
            default: Array(try Fixtures.seed(Self.seeds[which]).utf8)
            }
        var dice = Dice(state: UInt64(which))
        let words: [[UInt8]] = [
            "99999999999999999999", "-1", ":", " : ", "|", "<", "&", "é", "\u{1}", "/", "\n", "N/A", "",
        ]
        .map { Array($0.utf8) }
        for _ in 0..<400 {
            var bytes = original
            for _ in 0...Int.random(in: 0...4, using: &dice) {
                let start = Int.random(in: 0...bytes.count, using: &dice)
                let end = min(bytes.count, start + Int.random(in: 0...12, using: &dice))
                bytes.replaceSubrange(start..<end, with: words.randomElement(using: &dice) ?? [])
            }
            if Bool.random(using: &dice) { bytes.removeLast(Int.random(in: 0...bytes.count, using: &dice)) }
            readAll(bytes)
        }
    }

    @Test(arguments: [
        "", "\n", "|", "||||", "| 1 | 0000:1:2.3 | |\n| | | |", "Device 0: \"", "Device : \"\"", "(",
        "() Multiprocessors",
        "[CUDA Bandwidth Test]\nHost to Device Bandwidth\nTransfer Size (Bytes) Bandwidth(GB/s)\n9 9e999\n1 nan\n-1 2",
        "bandwidthTest-", "bandwidthTest-H2D, Bandwidth = , Size = ", "NVSMI LOG\n :\n : \n  : \nGPU x\n : : :",
        "NVSMI LOG\nGPU x\n\tProcesses\n\t\tType : C\n\t\tProcess ID : 1\n\t\t\tName : ",
    ])
    func oddities(_ text: String) {
        readAll(Array(text.utf8))
    }

    @Test func figuresThatAreNoneAreLeftOut() throws {
        let reading = try BandwidthTestReading(
            parsing: "[CUDA Bandwidth Test]\nHost to Device Bandwidth\nTransfer Size (Bytes) Bandwidth(GB/s)\n"
                + "9 9e999\n1 nan\n-1 2\n3 4.5\n")
        #expect(reading.measurements.map(\.transferBytes) == [3])
    }
}

extension HostileTextTests {
    /// Each recording, cut at places that the dice choose: never a crash, and never a whole document out of half of one.
    @Test(.enabled(if: Fixtures.corpus != nil, "there is no corpus beside the project"))
    func recordingsThatAreCutShort() throws {
        var dice = Dice(state: 7)
        for (name, bytes) in try Fixtures.recordings("smi-xml") where bytes.count < 40_000 {
            let end = bytes.lastIndex(of: UInt8(ascii: "<")) ?? 0
            for _ in 0..<3 {
                let cut = Array(bytes[..<Int.random(in: 0...end, using: &dice)])
                #expect(throws: ReadingError.self, "\(name)") { try SMIQueryReading(xml: cut) }
            }
        }
        for kind in ["smi-q", "smi-table", "devicequery", "bandwidthtest", "smi-error"] {
            for (_, bytes) in try Fixtures.recordings(kind) where bytes.count < 40_000 {
                readAll(Array(bytes[..<Int.random(in: 0...bytes.count, using: &dice)]))
            }
        }
    }
}
