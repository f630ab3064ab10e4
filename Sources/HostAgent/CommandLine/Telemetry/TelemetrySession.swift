import Contract
import FoundationEssentials
import Monitoring
import MonitoringHTTP
import MonitoringStore
import Telemetry

/// What `telemetry` does with what is heard: tell it once, or keep and serve it until it is cancelled. What shows it live
/// takes the hub in the same way.
struct TelemetrySession: Sendable {
    struct Serving: Sendable {
        var address: ServeAddress
        var token: String?
        var dcgmNames: Bool
        /// What another process keeps; nil where nothing is kept, or this one does.
        var kept: TelemetryStore?
    }

    let hub: TelemetryHub
    /// Where it is kept; nil where it is not.
    let store: TelemetryStore?
    let format: ReportFormat
    let serving: Serving?

    private static var now: Double { Date().timeIntervalSince1970 }

    func run() async throws {
        guard store != nil || serving != nil else { return try await tellOnce() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let store { group.addTask { try await Self.keep(store) } }
            if let serving { group.addTask { try await serve(serving) } }
            try await group.waitForAll()
        }
    }

    /// Shows it in the terminal until the user quits.
    func watch() async throws {
        let (snapshots, feed) = AsyncStream<TelemetrySnapshot>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let hub = hub
        let feeder = Task {
            for await _ in hub.updates() {
                feed.yield(hub.snapshot(at: Self.now))
                // Samples of many machines come one by one; together they are one frame.
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
        defer { feeder.cancel() }
        try await WatchView.run(
            updates: snapshots,
            capabilities: TerminalCapabilities(
                environment: ProcessInfo.processInfo.environment, secondsFromUTC: WatchView.secondsFromUTC()))
    }

    private func serve(_ serving: Serving) async throws {
        let content = TelemetryServer.Content(
            hub: hub, history: store ?? serving.kept, dcgmNames: serving.dcgmNames,
            files: Dictionary(uniqueKeysWithValues: Page.files.map { ("/\($0.key)", $0.value) }), clock: { Self.now })
        let address = serving.address
        try await TelemetryServer(address: address, content: content, token: serving.token).run { port in
            var shown = address
            // 0 let the system choose.
            shown.port = port
            Terminal.note("Serving on http://\(shown)/")
        }
    }

    /// Writes every few seconds until it is cancelled, and then the rest.
    private static func keep(_ store: TelemetryStore) async throws {
        var isTroubled = false
        while !Task.isCancelled {
            // Cancelled in its sleep it goes on to the end.
            try? await Task.sleep(for: .seconds(TelemetryStore.writeEvery))
            do {
                try store.write(now: now)
                if isTroubled { Terminal.note("Telemetry is kept again.") }
                isTroubled = false
            } catch let failure as Failure {
                // A full disk passes: what was heard waits, and people are told once.
                if !isTroubled { Terminal.note(FailureRenderer(failure).text) }
                isTroubled = true
            }
        }
        try store.close(now: now)
    }

    /// Waits until each machine that is reached has told of itself, at most some seconds.
    private func tellOnce() async throws {
        let answered = Task {
            for await _ in hub.updates() {
                let machines = hub.snapshot(at: 0, histories: false).machines
                if !machines.isEmpty, machines.allSatisfy(Self.hasTold) { return }
            }
        }
        let deadline = Task {
            try? await Task.sleep(for: .seconds(3))
            answered.cancel()
        }
        await answered.value
        deadline.cancel()
        let snapshot = hub.snapshot(at: Self.now)
        switch format {
        case .json: Terminal.write(String(decoding: SnapshotJSON(snapshot).bytes, as: UTF8.self))
        case .text where snapshot.machines.isEmpty:
            Terminal.note("There are no machines. `provision-gpu-vm start` makes one.")
        case .text: Terminal.write(TelemetryTable(snapshot).lines.joined(separator: "\n"))
        }
    }

    private static func hasTold(_ machine: MachineTelemetry) -> Bool {
        switch machine.link {
        case .stopped: true
        // A machine that was not looked at yet has no moment for it.
        case .waiting: machine.linkedAt != nil
        case .connected: machine.sample != nil || machine.status.map { $0.state != .sampling } == true
        }
    }
}
