import Foundation
import Glibc
import Monitoring
import MonitoringFakes
import MonitoringHTTP
import MonitoringStore
import Telemetry

/// The two sides of the benchmark, and what a day costs on disk; see Benchmarks/telemetry/run.
@main
struct TelemetryBench {
    static func main() async throws {
        signal(SIGPIPE, SIG_IGN)
        let arguments = CommandLine.arguments.dropFirst()
        let numbers = arguments.dropFirst(2).compactMap { Int($0) }
        guard let mode = arguments.first, arguments.count == 5, numbers.count == 3,
            let folder = arguments.dropFirst().first
        else {
            print("usage: telemetry-bench guests|host|disk|restless|hostile|render FOLDER MACHINES GPUS SECONDS")
            exit(64)
        }
        switch mode {
        case "guests": try guests(folder, numbers[0], gpus: numbers[1], seconds: numbers[2])
        case "host": try await host(folder, numbers[0], seconds: numbers[2])
        case "disk", "restless":
            try disk(folder, numbers[0], gpus: numbers[1], seconds: numbers[2], isRestless: mode == "restless")
        case "hostile": try hostile(folder, seconds: numbers[2])
        case "render": render(numbers[0], gpus: numbers[1], times: numbers[2])
        default: exit(64)
        }
    }

    /// So many machines' sockets, each with a sample a second, evenly spread over the second.
    static func guests(_ folder: String, _ count: Int, gpus: Int, seconds: Int) throws {
        let guests = try (0..<count).map { try SimulatedGuest(path: "\(folder)/vm-\($0).sock") }
        var load = SimulatedLoad(seed: 1)
        // Encoded once: the guests' own work is not what is measured. The sequence stands last in a line.
        let lines = try (0..<60).map { _ in
            try TelemetryLine.encode(TelemetryMessage(body: .sample(load.sample(gpus: gpus))))
                .dropLast()
        }
        print("guests: \(lines[0].count) bytes a line")
        for guest in guests { try guest.hello() }
        let start = ContinuousClock.now
        for second in 0..<seconds {
            for (number, guest) in guests.enumerated() {
                let due = start + .seconds(Double(second) + Double(number) / Double(count))
                let wait = ContinuousClock.now.duration(to: due)
                if wait > .zero { usleep(UInt32(wait / .microseconds(1))) }
                try guest.write(lines[(second + number) % 60] + Array(",\"sequence\":\(second + 1)}\n".utf8))
            }
        }
        let late = (start + .seconds(seconds)).duration(to: .now)
        print("guests: ended \(late / .milliseconds(1)) ms late")
    }

    private struct Sources: TelemetrySources {
        var list: [TelemetrySource]
        func machines() -> [TelemetrySource] { list }
    }

    /// Collects, keeps and serves them as `telemetry --collect --serve` does; tells its own CPU and memory.
    static func host(_ folder: String, _ count: Int, seconds: Int) async throws {
        let store = try TelemetryStore.writer(folder: folder)
        let hub = TelemetryHub { store.take($0, $1) }
        let names =
            (0..<count).map { "vm-\($0)" }
            + (FileManager.default.fileExists(atPath: "\(folder)/hostile.sock") ? ["hostile"] : [])
        let sources = Sources(list: names.map { TelemetrySource(name: $0, access: .socket("\(folder)/\($0).sock")) })
        let collector = TelemetryCollector(folder: folder, sources: sources, hub: hub)
        try collector.start()
        guard let address = ServeAddress("127.0.0.1:9836") else { return }
        let server = TelemetryServer(
            address: address,
            content: TelemetryServer.Content(hub: hub, history: store, clock: { Date().timeIntervalSince1970 }),
            token: nil)
        let serving = Task { try await server.run() }
        var (lastCPU, lastTime) = (cpu(), ContinuousClock.now)
        for _ in 0..<(seconds / 5) {
            try await Task.sleep(for: .seconds(5))
            let now = Date().timeIntervalSince1970
            try store.write(now: now)
            let (cpu, time) = (cpu(), ContinuousClock.now)
            let share = (cpu - lastCPU) / (lastTime.duration(to: time) / .seconds(1)) * 100
            (lastCPU, lastTime) = (cpu, time)
            let snapshot = hub.snapshot(at: now, histories: false)
            let fresh = snapshot.machines.count { $0.isFresh(at: now) }
            let lost = snapshot.machines.reduce(0) { $0 + $1.losses.floodedBytes } >> 20
            print("host: \(Int(share)) % of a core, \(resident()) MB, \(fresh) machines fresh, \(lost) MB thrown away")
        }
        serving.cancel()
        collector.stop()
        try store.close(now: Date().timeIntervalSince1970)
    }

    /// Seconds of samples straight into a database, of values that dwell or of such that never do; see SimulatedLoad.
    static func disk(_ folder: String, _ count: Int, gpus: Int, seconds: Int, isRestless: Bool) throws {
        try fill(folder, count, gpus: gpus, seconds: seconds, isRestless: isRestless)
        // Closed and let go: nothing is left in the log beside it.
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/telemetry.db")
        let size = (attributes[.size] as? NSNumber)?.doubleValue ?? 0
        let samples = Double(count * gpus * seconds)
        print(
            "disk: \(Int(samples)) samples in \(Int(size)) bytes: \((size / samples * 100).rounded() / 100) bytes a sample"
        )
        print("disk: a day of 1600 GPUs at 1 Hz: \((size / samples * 1600 * 86400 / 1e7).rounded() / 100) GB")
    }

    private static func fill(_ folder: String, _ count: Int, gpus: Int, seconds: Int, isRestless: Bool) throws {
        let store = try TelemetryStore.writer(folder: folder)
        let start = 1_772_366_400.0
        var loads = (0..<count).map { SimulatedLoad(seed: $0 + 1, isRestless: isRestless) }
        let began = cpu()
        var inStore = 0.0
        for second in 0..<seconds {
            for machine in 0..<count {
                let sample = loads[machine].sample(gpus: gpus)
                let before = cpu()
                // A sampler's second is not the host's: some milliseconds of jitter.
                store.take(
                    "vm-\(machine)", .sample(sample, at: start + Double(second) + Double((second * 7) % 13) / 1000))
                inStore += cpu() - before
            }
            if second % 5 == 4 {
                let before = cpu()
                try store.write(now: start + Double(second))
                inStore += cpu() - before
            }
        }
        try store.close(now: start + Double(seconds))
        let samples = Double(count * gpus * seconds)
        print(
            "disk: \((inStore / samples * 1e8).rounded() / 100) µs of CPU a sample, of \(Int(cpu() - began)) s in all")
    }

    /// One guest that sends without end.
    static func hostile(_ folder: String, seconds: Int) throws {
        let guest = try SimulatedGuest(path: "\(folder)/hostile.sock")
        let end = ContinuousClock.now + .seconds(seconds)
        let endless = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        let lines = Array(String(repeating: "{\"schema\":1,\"xid\":{\"code\":7,\"text\":\"x\"}}\n", count: 20_000).utf8)
        while ContinuousClock.now < end {
            try guest.write(endless)
            try guest.write([UInt8(ascii: "\n")] + lines)
        }
    }

    /// The document of a scrape, without a network: for perf stat, and to compare versions.
    static func render(_ count: Int, gpus: Int, times: Int) {
        let hub = TelemetryHub()
        for machine in 0..<count {
            var load = SimulatedLoad(seed: machine + 1)
            hub.take(.connected, of: "vm-\(machine)", at: 100)
            hub.take(
                TelemetryMessage(sequence: 1, body: .sample(load.sample(gpus: gpus))), of: "vm-\(machine)", at: 100)
        }
        let snapshot = hub.snapshot(at: 101, histories: false)
        var (milliseconds, size): ([Double], Int) = ([], 0)
        for _ in 0..<max(1, times) {
            let began = cpu()
            var document = PrometheusText().document(of: snapshot)
            var piece: [UInt8] = []
            size = 0
            while document.next(into: &piece) { size += piece.count }
            milliseconds.append((cpu() - began) * 1000)
        }
        milliseconds.sort()
        let (least, median) = (milliseconds[0], milliseconds[milliseconds.count / 2])
        print("render: \(size) bytes in \(least) ms of CPU, median \(median)")
    }

    private static func cpu() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func resident() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * 4096 / 1_000_000
    }
}
