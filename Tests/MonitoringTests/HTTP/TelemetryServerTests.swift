import Contract
import Foundation
import GPUReadings
import Monitoring
import MonitoringFakes
import MonitoringHTTP
import MonitoringStore
import Subprocess
import Synchronization
import SystemPackage
import Telemetry
import Testing

struct TelemetryServerTests {
    /// The moment of all of it: on a busy machine seconds pass between a sample and the answer, in which it would grow old.
    private static let now = 1_800_000_000.0

    /// Serves while `body` runs.
    private func serving(
        _ hub: TelemetryHub, token: String? = nil, dcgm: Bool = false, history: (any TelemetryHistory)? = nil,
        clock: @escaping @Sendable () -> Double = { now },
        _ body: (HTTPClient) async throws -> Void
    ) async throws {
        let (ports, told) = AsyncStream<Int>.makeStream()
        let address = try #require(ServeAddress("127.0.0.1:0"))
        let server = TelemetryServer(
            address: address,
            content: TelemetryServer.Content(
                hub: hub, history: history, dcgmNames: dcgm, files: ["/": ("text/html", Array("<p>page</p>".utf8))],
                clock: clock), token: token)
        let running = Task {
            defer { told.finish() }
            try await server.run { told.yield($0) }
        }
        defer { running.cancel() }
        for await port in ports {
            try await body(HTTPClient(port: port))
            return
        }
        try await running.value
    }

    private func hub(celsius: Double = 47) -> TelemetryHub {
        let hub = TelemetryHub()
        let now = Self.now
        hub.take(.connected, of: "train-01", at: now)
        hub.take(TelemetryMessage(body: .status(SamplerStatus(state: .sampling))), of: "train-01", at: now)
        hub.take(TelemetryMessage(sequence: 1, body: .sample(.celsius(celsius))), of: "train-01", at: now)
        return hub
    }

    @Test func everyPathAnswers() async throws {
        try await serving(hub()) { client in
            let metrics = try await client.get("/metrics")
            #expect(
                metrics.status == 200 && metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(metrics.body.contains(#"nvidia_gpu_temperature_celsius{vm="train-01",gpu="0",uuid="GPU-0"} 47"#))
            let machines = try await client.get("/api/v1/machines")
            #expect(machines.status == 200 && machines.body.contains(#""temperatureCelsius":47"#))
            #expect(try await client.get("/api/v1/machines?vm=other").body.contains(#""machines":[]"#))
            let history = try await client.get("/api/v1/history?vm=train-01&gpu=0&fact=temperatureCelsius")
            #expect(history.status == 200 && history.body.contains(",47]]"))
            #expect(try await client.get("/api/v1/history?vm=train-01&gpu=0&fact=nothing").status == 400)
            #expect(try await client.get("/api/v1/events").status == 404)
            let page = try await client.get("/")
            #expect(
                page.body == "<p>page</p>"
                    && page.headers["content-security-policy"]?.hasPrefix("default-src 'self'") == true)
            #expect(try await client.get("/%2e%2e/etc/passwd").status == 404)
            #expect(try await client.get("/", method: "POST", headers: ["Content-Length: 0"]).status == 405)
            #expect(try await client.get("/metrics", host: "evil.example").status == 421)
        }
    }

    @Test func answersAreAsTheSchemaSays() async throws {
        let scratch = try Scratch()
        let store = try TelemetryStore.writer(folder: scratch.path)
        let hub = TelemetryHub { store.take($0, $1) }
        let now = Self.now
        hub.take(.connected, of: "a", at: now - 50)
        hub.take(TelemetryMessage(body: .status(SamplerStatus(state: .hung, detail: "mute"))), of: "a", at: now - 40)
        let xids = [
            XidEvent(code: 79, pciAddress: "0000:00:16.0", text: "off the bus"), XidEvent(code: 31, text: "MMU"),
        ]
        for (place, xid) in xids.enumerated() {
            hub.take(TelemetryMessage(sequence: UInt64(place + 1), body: .xid(xid)), of: "a", at: now - 30)
        }
        hub.take(TelemetryMessage(sequence: 3, body: .sample(.celsius(47))), of: "a", at: now - 20)
        hub.take(.waiting("the VM starts"), of: "a", at: now - 10)
        // Once what waits to be written, once what was.
        let schema = try TelemetrySchema()
        for _ in 0..<2 {
            try await serving(hub, history: store) { client in
                for (path, name) in [
                    ("/api/v1/machines", "snapshot"), ("/api/v1/events", "events"),
                    ("/api/v1/history?vm=a&gpu=0&fact=temperatureCelsius", "history"),
                    ("/api/v1/history?vm=a&gpu=0&fact=temperatureCelsius&step=60", "history"),
                ] {
                    let answer = try await client.get(path)
                    let json = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
                    #expect(answer.status == 200 && schema.check(json, as: name).isEmpty, "\(path): \(answer.body)")
                }
                let events = try await client.get("/api/v1/events").body
                for kind in ["xid", "sampler", "link"] { #expect(events.contains(#""kind":"\#(kind)""#)) }
                #expect(events.components(separatedBy: #""time""#).count == 6)
            }
            try store.write(now: now)
        }
        let other: [String: Any] = ["time": 1, "vm": "a", "kind": "other", "text": ""]
        #expect(schema.check(["schema": 1, "events": [other]] as [String: Any], as: "events").count == 1)
    }

    @Test func aTokenIsAskedFor() async throws {
        try await serving(hub(), token: "secret-secret-42") { client in
            #expect(try await client.get("/metrics").status == 401)
            #expect(try await client.get("/metrics", headers: ["Authorization: Bearer secret-secret-42"]).status == 200)
            let welcome = try await client.get("/?token=secret-secret-42")
            #expect(welcome.status == 303 && welcome.headers["location"] == "/")
            let cookie = welcome.headers["set-cookie"]?.prefix { $0 != ";" } ?? ""
            #expect(welcome.headers["set-cookie"]?.contains("HttpOnly; SameSite=Strict") == true)
            #expect(try await client.get("/", headers: ["Cookie: \(cookie)"]).status == 200)
            #expect(try await client.get("/?token=wrong-wrong-4242").status == 401)
        }
    }

    @Test func changesAreSentAsTheyCome() async throws {
        let hub = hub(celsius: 50)
        try await serving(hub) { client in
            let first = try await client.get("/api/v1/stream", until: "\"temperatureCelsius\":50")
            #expect(
                first.headers["content-type"] == "text/event-stream" && first.body.contains("event: snapshot\ndata: {"))
            async let second = client.get("/api/v1/stream", until: "\"temperatureCelsius\":51")
            hub.take(
                TelemetryMessage(sequence: 2, body: .sample(.celsius(51))), of: "train-01",
                at: Self.now)
            #expect(try await second.status == 200)
        }
    }

    @Test func aHeadThatIsTooLargeIsRefused() async throws {
        try await serving(hub()) { client in
            let answer = try? await client.get("/", headers: ["X-Long: \(String(repeating: "x", count: 100_000))"])
            #expect(answer?.status != 200)
            let next = try await client.get("/")
            #expect(next.status == 200)
        }
    }

    @Test func aPortThatIsTakenIsAFailure() async throws {
        try await serving(hub()) { client in
            let address = try #require(ServeAddress("127.0.0.1:\(client.port)"))
            let other = TelemetryServer(
                address: address, content: TelemetryServer.Content(hub: TelemetryHub(), clock: { 0 }), token: nil)
            await #expect(throws: Failure.self) { try await other.run() }
        }
    }

    /// Debian's Prometheus scrapes guests' samples that came over real sockets.
    @Test func prometheusScrapesIt() async throws {
        let scratch = try Scratch()
        let guest = try SimulatedGuest(path: "\(scratch.path)/a.sock")
        let hub = TelemetryHub()
        let collector = TelemetryCollector(
            folder: scratch.path, sources: ToldSources([TelemetrySource(name: "a", access: .socket(guest.path))]),
            hub: hub)
        try collector.start()
        defer { collector.stop() }
        try guest.hello(interval: 600)
        try guest.say(.celsius(83, gpus: 4))
        _ = try await hub.machine("a") { $0.sample != nil }
        // What came through a socket has the moment at which it came.
        try await serving(hub, dcgm: true, clock: { Date().timeIntervalSince1970 }) { client in
            let configuration = "\(scratch.path)/prometheus.yml"
            let text = """
                global: {scrape_interval: 1s, scrape_timeout: 1s}
                scrape_configs: [{job_name: gpus, static_configs: [{targets: ["127.0.0.1:\(client.port)"]}]}]
                """
            try text.write(toFile: configuration, atomically: true, encoding: .utf8)
            let port = Int.random(in: 20_000..<32_000)
            let prometheus = Task {
                try await run(
                    .name("prometheus"),
                    arguments: [
                        "--config.file=\(configuration)", "--storage.tsdb.path=\(scratch.path)/tsdb",
                        "--web.listen-address=127.0.0.1:\(port)",
                    ], output: .discarded, error: .string(limit: 1 << 20))
            }
            defer { prometheus.cancel() }
            let asking = HTTPClient(port: port)
            var answer = ""
            // It starts, then scrapes each second; nothing tells when it has.
            for _ in 0..<120 where !answer.contains(#""83""#) {
                try await Task.sleep(for: .milliseconds(500))
                answer =
                    (try? await asking.get(
                        "/api/v1/query?query=DCGM_FI_DEV_GPU_TEMP%2Bon(vm,gpu)nvidia_gpu_temperature_celsius*0"))?.body
                    ?? ""
            }
            for gpu in 0..<4 { #expect(answer.contains(#""gpu":"\#(gpu)""#), "\(answer)") }
            let up = try await asking.get("/api/v1/query?query=up").body
            #expect(up.contains(#","1"]"#), "\(up)")
        }
    }
}
