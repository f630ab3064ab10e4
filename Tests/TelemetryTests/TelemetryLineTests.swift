import GPUReadings
import Testing

@testable import Telemetry

struct TelemetryLineTests {
    private static let gpu: GPUSample = {
        var gpu = GPUSample(index: 1)
        gpu.uuid = "GPU-5134"
        gpu.name = "NVIDIA A100"
        gpu.pciAddress = "0000:00:16.0"
        gpu.numbers[.temperatureCelsius] = 47
        gpu.numbers[.powerDrawWatts] = 87.25
        gpu.texts = ["performanceState": "P0"]
        gpu.clocksEvents = ["clocksEventSWPowerCap"]
        gpu.faults = ["fanPercent": "unknownError"]
        gpu.processes = [ProcessSample(pid: 12, name: "python", type: "C", memoryBytes: 1 << 30)]
        gpu.processCount = 40
        gpu.migDevices = [MIGSample(index: 0, gpuInstance: 1, computeInstance: 0, memoryUsedBytes: 5)]
        return gpu
    }()

    @Test(arguments: [
        TelemetryMessage(
            body: .hello(
                TelemetryHello(agent: "1", sampler: "a", bootID: "b", hostname: "guest", intervalSeconds: 0.5))),
        TelemetryMessage(
            sequence: 7, ageSeconds: 0.25, body: .sample(TelemetrySample(driverVersion: "550.54.14", gpus: [gpu]))),
        TelemetryMessage(
            body: .status(
                SamplerStatus(state: .hung, detail: "nothing for 10 s", forSeconds: 3, restarts: 2, sampleAgeSeconds: 9)
            )),
        TelemetryMessage(
            sequence: 8, ageSeconds: 60, body: .xid(XidEvent(code: 79, pciAddress: "0000:00:16.0", text: "off the bus"))
        ),
    ])
    func whatIsWrittenIsReadBack(_ message: TelemetryMessage) throws {
        let line = try TelemetryLine.encode(message)
        #expect(!line.contains(UInt8(ascii: "\n")))
        #expect(try TelemetryLine.decode(line) == message)
    }

    @Test func whatANewerAgentSaysIsUnknown() throws {
        let line = #"{"schema":9,"sequence":3,"weather":{"rain":true}}"#
        #expect(try TelemetryLine.decode(line.utf8) == TelemetryMessage(sequence: 3, body: .unknown))
        let more = #"{"schema":2,"sample":{"gpus":[{"index":0,"new":1,"numbers":{"temperatureCelsius":47,"mood":3}}]}}"#
        var gpu = GPUSample(index: 0)
        gpu.numbers[.temperatureCelsius] = 47
        #expect(try TelemetryLine.decode(more.utf8).body == .sample(TelemetrySample(gpus: [gpu])))
    }

    @Test(arguments: ["", "{}", "null", "[]", "\u{0}", "{\"schema\":1", #"{"schema":1,"sample":{"gpus":"all"}}"#])
    func whatIsNoMessageIsNonsense(_ line: String) {
        #expect(throws: TelemetryLine.Nonsense.self) { try TelemetryLine.decode(line.utf8) }
    }

    @Test func aLineThatIsTooLongIsNotEvenRead() {
        let line = #"{"schema":1,"weather":""# + String(repeating: "x", count: TelemetryLimits.line) + "\"}"
        #expect(throws: TelemetryLine.Nonsense(problem: "a line of \(line.utf8.count) bytes")) {
            try TelemetryLine.decode(line.utf8)
        }
    }

    @Test func aHostileSampleComesOutBounded() throws {
        var gpu = Self.gpu
        gpu.name = "\u{1b}[2J" + String(repeating: "n", count: 5000)
        gpu.texts = ["performanceState": "P0\nP1", "made up": "x"]
        gpu.clocksEvents = Array(repeating: "clocksEventSWPowerCap", count: 50) + ["made up"]
        gpu.faults = ["made up": "x"]
        gpu.processes = Array(repeating: ProcessSample(pid: 1, name: "\u{7}"), count: 500)
        gpu.migDevices = Array(repeating: MIGSample(index: 0), count: 500)
        let sample = TelemetrySample(gpus: Array(repeating: gpu, count: 3))
        let message = try TelemetryLine.decode(try TelemetryLine.encode(TelemetryMessage(body: .sample(sample))))
        guard case .sample(let read) = message.body, let first = read.gpus.first else {
            Issue.record("no sample")
            return
        }
        #expect(first.name?.hasPrefix("nnn") == true)
        #expect((first.name?.count ?? 0) <= TelemetryLimits.text + 1)
        #expect(first.texts == ["performanceState": "P0P1"])
        #expect(first.clocksEvents == ["clocksEventSWPowerCap"])
        #expect(first.faults.isEmpty)
        #expect(first.processes == Array(repeating: ProcessSample(pid: 1, name: ""), count: TelemetryLimits.processes))
        #expect(first.processCount == 40)
        #expect(first.migDevices.count == TelemetryLimits.processes)

        let many = TelemetrySample(gpus: Array(repeating: GPUSample(index: 0), count: 100))
        guard
            case .sample(let cut) = try TelemetryLine.decode(
                try TelemetryLine.encode(TelemetryMessage(body: .sample(many)))
            ).body
        else {
            Issue.record("no sample")
            return
        }
        #expect(cut.gpus.count == TelemetryLimits.gpus)
    }

    @Test func aSecondIntervalOfADayOrLessThanNothingIsOne() throws {
        for interval in [-1.0, 0, 1e9] {
            let hello = TelemetryHello(agent: "", sampler: "", bootID: "", hostname: "", intervalSeconds: interval)
            guard
                case .hello(let read) = try TelemetryLine.decode(
                    try TelemetryLine.encode(TelemetryMessage(body: .hello(hello)))
                ).body
            else {
                Issue.record("no hello")
                return
            }
            #expect(read.intervalSeconds == 1)
        }
    }

    @Test(arguments: [0, 0.25, 3599.9994, 7.005, -3])
    func aLineTellsItsAgeWhenItGoes(_ age: Double) throws {
        let message = TelemetryMessage(sequence: 7, body: .sample(TelemetrySample(gpus: [Self.gpu])))
        let read = try TelemetryLine.decode(TelemetryLine.aged(try TelemetryLine.encode(message), by: age))
        #expect(abs(read.ageSeconds - max(0, age)) < 0.001)
        #expect(read.sequence == 7 && read.body == message.body)
    }
}
