import ArgumentParser
import Machines
import Monitoring
import MonitoringStore
import Provisioner

/// `provision-gpu-vm telemetry`: the guests' GPUs, seen from their host.
struct TelemetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "telemetry",
        abstract: "Show, keep and serve what the GPUs of VMs and attached machines do.",
        discussion: """
            Without an option it tells once how things are. --watch shows them in the terminal (? lists the keys). --collect keeps what is heard in STATE/telemetry, --serve answers \
            Prometheus (/metrics), programs (/api/v1/…) and browsers (/); both go on until Ctrl-C, and may be given together. \
            The first process hears the machines, further ones hear them through it; --collect takes that over from one \
            that only shows or serves them.

            A GPU that is not told of has no series: what is not known is never shown as if it were.
            """)

    @Argument(
        help: ArgumentHelp(
            "VMs of `list`, all of them without; USER@HOST[:PORT] for machines of `attach`.", valueName: "vm"))
    var machines: [String] = []

    @Flag(help: "Show all VMs and their GPUs in the terminal, until q.")
    var watch = false

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

    @OptionGroup(title: "Login to machines of attach (default: ssh-agent, then the keys that ssh tries)")
    var credentials: CredentialOptions
    @OptionGroup var trust: HostKeyOption
    @OptionGroup var place: StateOption

    func validate() throws {
        let attached = Set(machines.filter { $0.contains("@") })
        let request = try trust.request()
        if attached.isEmpty, credentials.access != AttachJob.Access() || request != .ask {
            throw ValidationError(
                "--identity, --password-file, --ssh-agent and --host-key go with USER@HOST; VMs are not logged in to.")
        }
        if case .fingerprint = request, attached.count > 1 {
            throw ValidationError("A fingerprint is one machine's: name one USER@HOST, or give --host-key known_hosts.")
        }
        if watch, once || collect || serve != nil {
            throw ValidationError(
                "--watch goes with none of --once, --collect and --serve: a second process hears the first.")
        }
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
        // A name that is none must not look like a VM that is silent.
        var chosen = try machines.filter { !$0.contains("@") }.map { try KnownMachine.named($0, state: state).name }
        if !chosen.isEmpty { chosen += attached.map(\.description) }
        let sources = LiveTelemetrySources(state: state, attached: attached, login: try login(attached))
        let store = collect ? try TelemetryStore.writer(folder: folder, retention: retention) : nil
        var listener: TelemetryHub.Listener?
        if let store { listener = { machine, news in store.take(machine, news) } }
        let hub = TelemetryHub(chosen: Set(chosen), listener: listener)
        let session = TelemetrySession(hub: hub, store: store, format: format, serving: try serving(folder))
        let collector = TelemetryCollector(folder: folder, sources: sources, hub: hub, mustCollect: collect)
        try collector.start()
        defer { collector.stop() }
        // The view takes the signals for itself, and gives the terminal back.
        if watch { return try await session.watch() }
        try await Interruption.stopping(guestGoesOn: false, note: "Interrupted.") { try await session.run() }
    }

    private func login(_ attached: [AttachTarget]) throws -> AttachedTelemetry.Login {
        guard !attached.isEmpty else { return AttachedTelemetry.Login() }
        return AttachedTelemetry.Login(
            hostKey: try trust.request(), access: credentials.access,
            password: try credentials.password(of: attached.map(\.description).joined(separator: ", ")),
            passphrase: try credentials.passphrase())
    }

    private var retention: Retention { retain.flatMap { Retention($0) } ?? .standard }

    private func serving(_ folder: String) throws -> TelemetrySession.Serving? {
        guard let address = serve.flatMap({ ServeAddress($0) }) else { return nil }
        var token: String?
        if tokenFile != nil || !address.isLoopback {
            let path = tokenFile.map { ProvisionCommand.absolute($0) } ?? "\(folder)/token"
            token = try TelemetryToken.load(path)
            Terminal.note("Readers need the token in \(path): Authorization: Bearer TOKEN, or /?token=TOKEN once.")
        }
        return TelemetrySession.Serving(
            address: address, token: token, dcgmNames: dcgmNames,
            kept: try collect ? nil : TelemetryStore.reader(folder: folder))
    }
}
