import ArgumentParser
import Fleet

/// `provision-gpu-vm fleet destroy FLEET`.
struct FleetDestroyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy",
        abstract: "Stop guests and remove them with their disks, and golden images that nobody uses then.")

    @OptionGroup var fleet: FleetArgument
    @OptionGroup var selection: SelectionOption
    @OptionGroup var work: FleetWorkOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var place: StateOption

    func run() async throws {
        let selector = try selection.selector()
        // As if the manifest were empty: what is there goes.
        let declared = FleetManifest(name: try fleet.manifest().name)
        let narrow: @Sendable (FleetPlan, (String) -> Bool) -> FleetPlan = { plan, isMeant in
            plan.only(isMeant)
        }
        if let (site, engine) = try engine.slurm(fleet: declared.name) {
            return try await SlurmApplication(
                manifest: declared, site: site, engine: engine, state: place.places.state, agent: nil,
                options: work, selection: selection, narrow: narrow, selector: selector
            ).run { true }
        }
        try await FleetApplication(
            manifest: declared, place: FleetPlace(state: place.places.state), agent: nil, options: work,
            selection: selection, narrow: { plan, survey in narrow(plan, survey.isMeant(by: selector)) }
        ).run { true }
    }
}
