import ArgumentParser
import Contract
import Fleet
import Provisioner

/// `provision-gpu-vm fleet plan FLEET.yaml`.
struct FleetPlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Check a manifest, and tell which golden images and guests it takes. Changes nothing.",
        discussion: """
            Guests whose images have equal contents share one golden image; a runfile's name does not matter. Files are read \
            once for their digests, which are remembered.
            """)

    @Argument(help: "The manifest, YAML or JSON.", completion: .file())
    var manifest: String

    @Option(
        help: ArgumentHelp(
            "Only these guests: a name, with * and ? for parts of it, or LABEL=VALUE; with commas, or repeated.",
            valueName: "selector"))
    var only: [String] = []

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    @Option(help: ArgumentHelp("The guest agent. (default: gpu-guest-agent beside this tool)", valueName: "file"))
    var agent: String?

    @OptionGroup var place: StateOption

    func run() async throws {
        guard let selector = GuestSelector(only) else {
            throw ValidationError("--only takes names, patterns and LABEL=VALUE, with commas between.")
        }
        var loaded = try LoadedManifest(file: manifest).manifest
        loaded.guests.removeAll { !selector.matches(name: $0.name, labels: $0.settings.labels ?? [:]) }
        let digests = ContentDigests(state: place.places.state)
        let operation = "plan the fleet"
        let goldens = try await GoldenDigests(
            loaded, agent: try await digests.agent(agent.map(ProvisionCommand.absolute)),
            files: { try await digests.sha256(of: $0, operation: operation) },
            text: { try await digests.sha256(ofText: $0, operation: operation) })
        // Nothing makes guests of a manifest yet, so there are none.
        let plan = FleetPlan(loaded, FleetReality()) { goldens[$0] }
        switch format {
        case .json: try Terminal.writeJSON(plan)
        case .text: Terminal.write(FleetPlanText(plan).lines.joined(separator: "\n"))
        }
    }
}
