import ArgumentParser
import Fleet

/// `provision-gpu-vm fleet apply FLEET.yaml`.
struct FleetApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make the guests as the manifest says.",
        discussion: """
            Builds the golden images that are missing, then makes, starts anew or removes guests, as many at once as GPUs, memory, \
            CPUs and --jobs allow. A guest that fails does not stop the others. Cut off anywhere (Ctrl-C, kill -9, a power cut), the \
            same command goes on. Guests run on when it ends; `provision-gpu-vm ssh FLEET-GUEST` logs in.

            \(ProvisionCommand.exitStatuses)
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
        let (selector, isAll) = (try selection.selector(), selection.only.isEmpty)
        let declared = try await FleetArgument.manifest(
            toUse: manifest, FleetPlace(state: place.places.state), agent: agent.path)
        let narrow: @Sendable (FleetPlan, (String) -> Bool) -> FleetPlan = { plan, isMeant in
            isAll ? plan : plan.only(isMeant)
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
