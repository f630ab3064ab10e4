import Contract
import Foundation
import GPUReadings
import GRDB
import Monitoring
import MonitoringFakes
import Telemetry
import Testing

@testable import MonitoringStore

struct TelemetryStoreTests {
    /// The begin of an hour.
    private let start = 1_772_366_400.0

    private func fill(_ store: TelemetryStore, _ seconds: Range<Int>, gpus: Int = 1) {
        for second in seconds {
            store.take("vm", .sample(.celsius(Double(second % 60), gpus: gpus), at: start + Double(second)))
        }
    }

    private func query(_ from: Double, _ to: Double, step: Double? = nil, gpu: Int = 0) -> HistoryQuery {
        HistoryQuery(
            machine: "vm", gpu: gpu, fact: .temperatureCelsius, from: start + from, to: start + to, step: step)
    }

    @Test func whatWasTakenIsThere() throws {
        let scratch = try Scratch()
        let store = try TelemetryStore.writer(folder: scratch.path)
        fill(store, 0..<150, gpus: 2)
        // Before it is written, and after.
        for _ in 0..<2 {
            let series = try store.series(query(0, 150, gpu: 1))
            #expect(series.step == 0 && series.points.map(\.mean) == (0..<150).map { Double($0 % 60) })
            #expect(series.points.map(\.time) == (0..<150).map { start + Double($0) })
            try store.write(now: start + 150)
        }
        let minutes = try store.series(query(0, 120, step: 60))
        #expect(
            minutes.points
                == [0, 60].map { HistoryPoint(time: start + $0, mean: 29.5, minimum: 0, maximum: 59, count: 60) })
        #expect(try store.series(query(30, 40)).points.count == 10)
        #expect(try store.series(HistoryQuery(machine: "x", gpu: 0, fact: .fanPercent, from: 0, to: 9)).points.isEmpty)
    }

    @Test func aMinuteThatWasCutInTwoIsOne() throws {
        let scratch = try Scratch()
        do {
            let store = try TelemetryStore.writer(folder: scratch.path)
            fill(store, 0..<30)
            try store.close(now: start + 30)
        }
        let store = try TelemetryStore.writer(folder: scratch.path)
        fill(store, 30..<60)
        try store.close(now: start + 60)
        #expect(try store.series(query(0, 60)).points.count == 60)
        #expect(try store.series(query(0, 60, step: 60)).points.map(\.count) == [60])
    }

    @Test func hoursAreMadeOfMinutesAlsoOfLateOnes() throws {
        let scratch = try Scratch()
        let store = try TelemetryStore.writer(folder: scratch.path)
        fill(store, 0..<1200)
        try store.write(now: start + 3600 + 121)
        // The GPU's number was given in that write; the next looks after it.
        try store.write(now: start + 3600 + 126)
        var hours = try store.series(query(0, 3600, step: 3600)).points
        #expect(hours.map(\.count) == [1200] && hours.map(\.mean) == [29.5])
        fill(store, 1200..<1260)
        try store.close(now: start + 3600 + 130)
        hours = try store.series(query(0, 3600, step: 3600)).points
        #expect(hours.map(\.count) == [1260])
    }

    @Test func whatIsOldGoes() throws {
        let scratch = try Scratch()
        let store = try TelemetryStore.writer(
            folder: scratch.path, retention: Retention(samples: 3600, minutes: 7200, hours: 10 * 3600))
        fill(store, 0..<120)
        store.take("vm", .xid(TimedXid(time: start, event: XidEvent(code: 79, text: "bus"))))
        try store.write(now: start + 130)
        for now: Double in [3800, 3810] { try store.write(now: start + now) }
        #expect(try store.series(query(0, 120, step: 1)).points.isEmpty)
        #expect(try store.series(query(0, 120, step: 60)).points.count == 2)
        try store.write(now: start + 2 * 3600 + 200)
        #expect(try store.series(query(0, 120, step: 60)).points.isEmpty)
        #expect(try store.series(query(0, 120, step: 3600)).points.count == 1)
        #expect(try store.events(of: nil, from: start, to: start + 1, limit: 10).count == 1)
        try store.write(now: start + 12 * 3600)
        #expect(try store.series(query(0, 120, step: 3600)).points.isEmpty)
        #expect(try store.events(of: nil, from: start, to: start + 1, limit: 10).isEmpty)
    }

    @Test func eventsAreKept() throws {
        let scratch = try Scratch()
        let store = try TelemetryStore.writer(folder: scratch.path)
        store.take(
            "vm", .xid(TimedXid(time: start, event: XidEvent(code: 79, pciAddress: "0000:00:16.0", text: "bus"))))
        store.take("vm", .sampler(.hung, detail: "says nothing", at: start + 1))
        try store.write(now: start + 1)
        store.take("other", .link(.stopped, at: start + 2))
        let events = try store.events(of: nil, from: start, to: start + 10, limit: 10)
        #expect(events.map(\.kind) == ["link", "sampler", "xid"])
        #expect(events.map(\.text) == ["stopped", "hung: says nothing", "bus"])
        #expect(events.last?.code == 79 && events.last?.pciAddress == "0000:00:16.0")
        #expect(try store.events(of: "vm", from: start, to: start + 10, limit: 1).map(\.kind) == ["sampler"])
    }

    @Test func oneWritesAndOthersRead() throws {
        let scratch = try Scratch()
        #expect(try TelemetryStore.reader(folder: scratch.path) === nil)
        let store = try TelemetryStore.writer(folder: scratch.path)
        fill(store, 0..<70)
        try store.write(now: start + 70)
        let refusal = #expect(throws: Failure.self) { try TelemetryStore.writer(folder: scratch.path) }
        #expect(refusal?.code == .runLocked)
        let reader = try #require(try TelemetryStore.reader(folder: scratch.path))
        #expect(try reader.series(query(0, 60)).points.count == 60)
        let mode = try FileManager.default.attributesOfItem(atPath: "\(scratch.path)/telemetry.db")[.posixPermissions]
        #expect((mode as? NSNumber)?.intValue == 0o600)
    }

    @Test func aDamagedFileIsLeftAsItIs() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/telemetry.db"
        let garbage = Data(repeating: 0x42, count: 8192)
        try garbage.write(to: URL(fileURLWithPath: path))
        let failure = #expect(throws: Failure.self) { try TelemetryStore.writer(folder: scratch.path) }
        #expect(failure?.code == .telemetryDatabase && failure?.message.contains("damaged") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == garbage)
    }

    @Test func aNewerFileIsLeftAsItIs() throws {
        let scratch = try Scratch()
        try _ = TelemetryStore.writer(folder: scratch.path)
        var migrator = StoreSchema.migrator
        migrator.registerMigration("of the future") { _ in }
        try migrator.migrate(DatabaseQueue(path: "\(scratch.path)/telemetry.db"))
        let failure = #expect(throws: Failure.self) { try TelemetryStore.writer(folder: scratch.path) }
        #expect(failure?.message.contains("newer version") == true)
    }

    /// 4 GB are a day of 1600 GPUs at 1 Hz in 30 bytes a sample; all is counted: samples, minutes, pages that are not full.
    @Test(arguments: [(false, 24.0), (true, 30)])
    func aSampleTakesFewBytes(isRestless: Bool, limit: Double) throws {
        let scratch = try Scratch()
        let (machines, gpus, seconds) = (4, 4, 1200)
        let store = try TelemetryStore.writer(folder: scratch.path)
        let path = "\(scratch.path)/telemetry.db"
        func size() throws -> Int {
            try DatabaseQueue(path: path).read { database in
                try Int.fetchOne(
                    database, sql: "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") ?? 0
            }
        }
        let empty = try size()
        var loads = (0..<machines).map { SimulatedLoad(seed: $0 + 1, isRestless: isRestless) }
        var last = 0.0
        for second in 0..<seconds {
            for machine in 0..<machines {
                let sample = loads[machine].sample(gpus: gpus)
                last = sample.gpus[0].numbers[.powerDrawWatts] ?? 0
                // A sampler's second is not quite the host's.
                store.take(
                    "vm-\(machine)", .sample(sample, at: start + Double(second) + Double(second * 7 % 13) / 1000))
            }
            if second % 60 == 5 { try store.write(now: start + Double(second)) }
        }
        try store.close(now: start + Double(seconds))
        let bytes = Double(try size() - empty) / Double(machines * gpus * seconds)
        #expect(bytes < limit, "\(bytes) bytes a sample")
        let points = try store.series(
            HistoryQuery(
                machine: "vm-3", gpu: 0, fact: .powerDrawWatts, from: start, to: start + Double(seconds), step: nil)
        ).points
        #expect(points.count == seconds && points.last?.mean == last)
    }

    @Test func samplesThatCannotBeDoNotPileUp() throws {
        var minute = MinuteOfSamples(minute: 0)
        for place in 0..<100_000 { minute.append(SampledNumbers(), at: Double(place % 6000) / 100) }
        #expect(minute.times.count <= MinuteOfSamples.limit)
    }
}

struct HistoryResolutionTests {
    @Test(
        arguments: [
            (3600.0, nil, "sample", 0.0), (86400, nil, "minute", 60), (30 * 86400, nil, "hour", 3600),
            (3600, 5, "sample", 5), (3600, 60, "minute", 60), (86400 * 20, 1, "minute", 86400 * 20 / 11_000),
            (86400 * 365, 7200, "hour", 7200),
        ] as [(Double, Double?, String, Double)])
    func isChosenByRangeAndStep(_ span: Double, _ step: Double?, _ table: String, _ expected: Double) {
        let query = HistoryQuery(machine: "vm", gpu: 0, fact: .fanPercent, from: 0, to: span, step: step)
        let resolution = HistoryResolution(for: query)
        #expect(resolution.table.rawValue == table && abs(resolution.step - expected) < 1e-6)
    }
}
