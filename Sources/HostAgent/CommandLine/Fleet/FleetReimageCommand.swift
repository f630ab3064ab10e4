import ArgumentParser
import Fleet

/// `provision-gpu-vm fleet reimage FLEET.yaml`.
struct FleetReimageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reimage",
        abstract: "Start guests over from their golden image: what they wrote is gone.",
        discussion: """
            A guest keeps its name, SSH port and MAC address; it makes itself a new machine-id and new SSH host keys. It costs one \
            boot. Guests that are not there are made.
            """)

    @Argument(help: "The manifest, YAML or JSON.", completion: .file())
    var manifest: String

    @OptionGroup var selection: SelectionOption
    @OptionGroup var work: FleetWorkOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var agent: AgentOption
    @OptionGroup var licences: LicenceOption
    @OptionGroup var place: StateOption

    func run() async throws {
        let selector = try selection.selector()
        let declared = try await FleetArgument.manifest(
            toUse: manifest, FleetPlace(state: place.places.state), agent: agent.path)
        // Guests that are in no manifest are `apply`'s to remove.
        let names = Set(declared.guests.map(\.name))
        let narrow: @Sendable (FleetPlan, (String) -> Bool) -> FleetPlan = { plan, isMeant in
            plan.only { names.contains($0) && isMeant($0) }.reimaging()
        }
        if let (site, engine) = try engine.slurm(fleet: declared.name) {
            return try await SlurmApplication(
                manifest: declared, site: site, engine: engine, state: place.places.state, agent: agent.path,
                options: work, selection: selection, narrow: narrow, selector: selector
            ).run { try licences.accepted(place.places) }
        }
        try await FleetApplication(
            manifest: declared, place: FleetPlace(state: place.places.state), agent: agent.path, options: work,
            selection: selection, narrow: { plan, survey in narrow(plan, survey.isMeant(by: selector)) }
        ).run { try licences.accepted(place.places) }
    }
}
