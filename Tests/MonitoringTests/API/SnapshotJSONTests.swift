import Foundation
import GPUReadings
import MonitoringFakes
import Telemetry
import Testing

@testable import Monitoring

/// What is served as JSON, and that Documentation/schemas/telemetry.schema.json has every key of it.
struct SnapshotJSONTests {
    private let fleet = SimulatedFleet(machines: 6, gpus: 2, historyPoints: 20)

    @Test func saysWhatTheSnapshotSays() throws {
        let snapshot = fleet.snapshot(at: 60)
        let json = try object(SnapshotJSON(snapshot).bytes)
        #expect(json["schema"] as? Int == 1 && json["time"] as? Double == snapshot.time)
        let machines = try #require(json["machines"] as? [[String: Any]])
        #expect(
            machines.compactMap { $0["condition"] as? String } == ["live", "live", "live", "hung", "silent", "stopped"])
        #expect(machines.compactMap { $0["fresh"] as? Bool } == [true, true, true, false, false, false])
        let gpu = try #require((machines[0]["gpus"] as? [[String: Any]])?.first)
        let facts = try #require(gpu["facts"] as? [String: Any])
        let sample = try #require(snapshot.machines[0].sample?.gpus.first)
        #expect(facts["temperatureCelsius"] as? Double == sample.numbers[.temperatureCelsius])
        #expect(facts["performanceState"] as? String == "P0")
        #expect(gpu["history"] == nil && gpu["processCount"] as? Int == 2)
        let lost = try #require((machines[2]["gpus"] as? [[String: Any]])?.first)
        #expect((lost["faults"] as? [String: String])?["temperatureCelsius"] == "gpuLost")
        #expect((machines[2]["events"] as? [[String: Any]])?.last?["code"] as? Int == 79)
    }

    @Test func hasTheLastMinutesWhereAsked() throws {
        let snapshot = fleet.snapshot(at: 60)
        let json = try object(SnapshotJSON(snapshot, histories: true).bytes)
        let gpu = try #require(((json["machines"] as? [[String: Any]])?[0]["gpus"] as? [[String: Any]])?.first)
        let history = try #require(gpu["history"] as? [String: [[Double]]])
        #expect(Set(history.keys) == Set(LiveHistory.facts.map(\.key)))
        #expect(history["temperatureCelsius"]?.count == 20)
        // Single precision keeps a share of 80 GB to some kB.
        let last = try #require(history["memoryUsedBytes"]?.last?[1])
        let used = try #require(snapshot.machines[0].sample?.gpus[0].numbers[.memoryUsedBytes])
        #expect(abs(last - used) < 1e5)
    }

    @Test func neverWritesNullAndEscapesWhatGuestsSay() throws {
        var machine = MachineTelemetry(name: "a\"\\\u{1}</script>\n", link: .connected)
        machine.heardAt = 99
        machine.sampledAt = .nan
        machine.status = SamplerStatus(state: .hung, detail: "ünï\t☃", sampleAgeSeconds: .infinity)
        let bytes = SnapshotJSON(TelemetrySnapshot(time: 100, machines: [machine])).bytes
        #expect(!String(decoding: bytes, as: UTF8.self).contains("null"))
        let told = try #require((try object(bytes)["machines"] as? [[String: Any]])?.first)
        #expect(told["name"] as? String == machine.name && told["detail"] as? String == "ünï\t☃")
        #expect(told["sampledAt"] == nil)
    }

    @Test func everyKeyIsInTheSchema() throws {
        let schema = try TelemetrySchema()
        var snapshot = fleet.snapshot(at: 60)
        snapshot.machines[0].losses.nonsense = 3
        snapshot.machines[0].sample?.gpus[0].migDevices = [MIGSample(index: 0, gpuInstance: 1, memoryUsedBytes: 5)]
        for fact in SampledFacts.numbers { snapshot.machines[1].sample?.gpus[0].numbers[fact] = 1.5 }
        for fact in SampledFacts.texts { snapshot.machines[1].sample?.gpus[0].texts[fact.key] = "x" }
        snapshot.machines[1].sample?.gpus[0].clocksEvents = SampledFacts.clocksEvents.map(\.key)
        let problems = schema.check(
            try object(SnapshotJSON(snapshot, histories: true).bytes), as: "snapshot")
        #expect(problems.isEmpty, "\(problems.prefix(5))")
        #expect(!schema.check(["schema": 1, "time": "now", "machines": [Any]()], as: "snapshot").isEmpty)
        #expect(!schema.check(["schema": 1, "time": 1, "machines": [Any](), "other": 1], as: "snapshot").isEmpty)
    }

    /// A fleet of 1600 GPUs is some megabytes, which a page reads each second.
    @Test func aFleetStaysSmall() {
        let snapshot = SimulatedFleet(machines: 200, gpus: 8, historyPoints: 1).snapshot(at: 0)
        #expect((1_000_000..<4_000_000).contains(SnapshotJSON(snapshot).bytes.count))
    }
}

struct HistoryJSONTests {
    @Test func aStepHasItsRange() throws {
        let schema = try TelemetrySchema()
        let query = HistoryQuery(machine: "train-01", gpu: 1, fact: .temperatureCelsius, from: 100, to: 220)
        let points = [
            HistoryPoint(time: 100.0004, mean: 50.5, minimum: 47, maximum: 53, count: 60),
            HistoryPoint(time: 160, mean: 51, minimum: 52, maximum: 50, count: 2),
        ]
        let bytes = HistoryJSON(HistorySeries(step: 60, points: points), of: query).bytes
        #expect(
            String(decoding: bytes, as: UTF8.self) == """
                {"schema":1,"vm":"train-01","gpu":1,"fact":"temperatureCelsius","from":100,"to":220,"stepSeconds":60,\
                "points":[[100,50.5,47,53],[160,51,50,52]]}
                """)
        #expect(schema.check(try object(bytes), as: "history").isEmpty)
        let samples = HistoryJSON(HistorySeries(step: 0, points: [HistoryPoint(time: 101, value: 0.5)]), of: query)
            .bytes
        #expect(String(decoding: samples, as: UTF8.self).hasSuffix(#""stepSeconds":0,"points":[[101,0.5]]}"#))
        #expect(schema.check(try object(samples), as: "history").isEmpty)
    }

    @Test func theLiveHistoryIsOfTheTimeAskedFor() {
        let snapshot = SimulatedFleet(machines: 1, gpus: 1, historyPoints: 60).snapshot(at: 100)
        let machine = snapshot.machines[0]
        func count(_ fact: GPUFact, _ from: Double, gpu: Int = 0) -> Int {
            let query = HistoryQuery(machine: machine.name, gpu: gpu, fact: fact, from: from, to: snapshot.time)
            return LiveHistory.series(query, of: machine).points.count
        }
        #expect(count(.powerDrawWatts, snapshot.time - 10.9) == 11 && count(.powerDrawWatts, 0) == 60)
        #expect(count(.fanPercent, 0) == 0 && count(.powerDrawWatts, 0, gpu: 7) == 0)
        #expect(count(.powerDrawWatts, snapshot.time + 50) == 0)
    }
}

private func object(_ bytes: [UInt8]) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
}
