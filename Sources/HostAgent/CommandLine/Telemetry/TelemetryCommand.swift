import ArgumentParser
import Contract
import FoundationEssentials
import Monitoring
import MonitoringHTTP
import MonitoringStore
import Provisioner

/// `provision-gpu-vm telemetry`: the guests' GPUs, seen from their host.
struct TelemetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "telemetry",
        abstract: "Show, keep and serve what the GPUs of VMs and attached machines do.",
        discussion: """
            Without an option it tells once how things are. --collect keeps what is heard in STATE/telemetry, --serve answers \
            Prometheus (/metrics), programs (/api/v1/…) and browsers (/); both go on until Ctrl-C, and may be given together. \
            The first process hears the machines, further ones hear them through it.

            A GPU that is not told of has no series: what is not known is never shown as if it were.
            """)

    @Argument(
        help: ArgumentHelp(
            "VMs of `list`, all of them without; USER@HOST[:PORT] for machines of `attach`.", valueName: "vm"))
    var machines: [String] = []

    @Flag(help: "Keep what is heard, until Ctrl-C.")
    var collect = false

    @Option(
        help: ArgumentHelp(
            "Serve over HTTP, until Ctrl-C: ADDRESS:PORT, or PORT of 127.0.0.1. Any other address needs a token.",
            valueName: "address"))
    var serve: String?

    @Flag(help: "Tell once how things are. (the default)")
    var once = false

    @Option(help: "With --once: text or json.")
    var format: ReportFormat = .text

    @Flag(help: "With --serve: series also under dcgm-exporter's names, for dashboards made for it.")
    var dcgmNames = false

    @Option(
        help: ArgumentHelp(
            "With --collect: how long samples, means of minutes and of hours are kept.",
            valueName: "samples=1d,minutes=30d,hours=1y"))
    var retain: String?

    @Option(
        help: ArgumentHelp(
            "With --serve: ask readers for the token in this file, also on 127.0.0.1. (elsewhere: STATE/telemetry/token)",
            valueName: "file"))
    var tokenFile: String?

    @OptionGroup var place: StateOption

    func validate() throws {
        if once, collect || serve != nil { throw ValidationError("--once goes with neither --collect nor --serve.") }
        if let serve, ServeAddress(serve) == nil {
            throw ValidationError("\(serve) is no address: HOST:PORT, or PORT.")
        }
        if let retain {
            guard collect else { throw ValidationError("--retain goes with --collect.") }
            guard Retention(retain) != nil else {
                throw ValidationError("\(retain): samples=, minutes= and hours= in h, d, w or y, such as samples=6h.")
            }
        }
        if serve == nil, dcgmNames || tokenFile != nil {
            throw ValidationError("--dcgm-names and --token-file go with --serve.")
        }
    }

    func run() async throws {
        let state = place.places.state
        let folder = try TelemetryFolder.make(state: state)
        var attached: [AttachTarget] = []
        for machine in machines where machine.contains("@") {
            guard let target = AttachTarget(machine) else {
                throw ValidationError("\(machine) is no machine: USER@HOST, USER@HOST:PORT or USER@[ADDRESS]:PORT.")
            }
            attached.append(target)
        }
        let sources = LiveTelemetrySources(
            state: state, chosen: Set(machines.filter { !$0.contains("@") }), attached: attached)
        let store = collect ? try TelemetryStore.writer(folder: folder, retention: retention) : nil
        let hub = TelemetryHub(listener: store.map { store in { store.take($0, $1) } })
        let collector = TelemetryCollector(folder: folder, sources: sources, hub: hub, mustCollect: collect)
        try collector.start()
        defer { collector.stop() }
        try await Interruption.stopping(guestGoesOn: false, note: "Interrupted.") {
            try await work(hub, store, folder)
        }
    }

    private var retention: Retention { retain.flatMap { Retention($0) } ?? .standard }

    /// What is done with what is heard.
    private func work(_ hub: TelemetryHub, _ store: TelemetryStore?, _ folder: String) async throws {
        guard collect || serve != nil else { return try await tellOnce(hub) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let store { group.addTask { try await Self.keep(store) } }
            if let serve, let address = ServeAddress(serve) {
                let server = TelemetryServer(
                    address: address,
                    content: TelemetryServer.Content(
                        hub: hub, history: try store ?? TelemetryStore.reader(folder: folder), dcgmNames: dcgmNames,
                        clock: { Date().timeIntervalSince1970 }),
                    token: try token(address, folder))
                group.addTask {
                    try await server.run { port in
                        Terminal.note(
                            "Serving on http://\(address.host.contains(":") ? "[\(address.host)]" : address.host):\(port)/"
                        )
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func token(_ address: ServeAddress, _ folder: String) throws -> String? {
        guard tokenFile != nil || !address.isLoopback else { return nil }
        let path = tokenFile.map { ProvisionCommand.absolute($0) } ?? "\(folder)/token"
        let token = try TelemetryToken.load(path)
        Terminal.note("Readers need the token in \(path): Authorization: Bearer TOKEN, or /?token=TOKEN once.")
        return token
    }

    /// Writes every few seconds until it is cancelled, and then the rest.
    private static func keep(_ store: TelemetryStore) async throws {
        var isTroubled = false
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(TelemetryStore.writeEvery))
            do {
                try store.write(now: Date().timeIntervalSince1970)
                if isTroubled { Terminal.note("Telemetry is kept again.") }
                isTroubled = false
            } catch let failure as Failure {
                // A full disk passes: what was heard waits, and people are told once.
                if !isTroubled { Terminal.note(FailureRenderer(failure).text) }
                isTroubled = true
            }
        }
        try store.close(now: Date().timeIntervalSince1970)
    }

    /// Waits until each machine that is reached has told of itself, at most some seconds.
    private func tellOnce(_ hub: TelemetryHub) async throws {
        let answered = Task {
            for await _ in hub.updates() {
                let machines = hub.snapshot(at: 0, histories: false).machines
                let silent = machines.contains { machine in
                    switch machine.link {
                    case .connected:
                        machine.sample == nil && (machine.status == nil || machine.status?.state == .sampling)
                    case .waiting(let why): why == MachineTelemetry(name: "").waitingWords
                    case .stopped: false
                    }
                }
                if !machines.isEmpty, !silent { return }
            }
        }
        let deadline = Task {
            try? await Task.sleep(for: .seconds(3))
            answered.cancel()
        }
        await answered.value
        deadline.cancel()
        let snapshot = hub.snapshot(at: Date().timeIntervalSince1970)
        switch format {
        case .json: Terminal.write(String(decoding: SnapshotJSON(snapshot).bytes, as: UTF8.self))
        case .text where snapshot.machines.isEmpty:
            Terminal.note("There are no machines. `provision-gpu-vm start` makes one.")
        case .text: Terminal.write(TelemetryTable(snapshot).lines.joined(separator: "\n"))
        }
    }
}

extension MachineTelemetry {
    /// Of a machine that was not looked at yet.
    fileprivate var waitingWords: String {
        if case .waiting(let why) = link { why } else { "" }
    }
}
