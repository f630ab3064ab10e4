import ArgumentParser
import Fleet

/// What `apply` and `reimage` take.
struct FleetChangeOptions: ParsableArguments {
    @Argument(help: "The manifest, YAML or JSON.", completion: .file())
    var manifest: String

    @OptionGroup var selection: SelectionOption
    @OptionGroup var work: FleetWorkOptions
    @OptionGroup var engine: EngineOptions
    @OptionGroup var agent: AgentOption
    @OptionGroup var licences: LicenceOption
    @OptionGroup var place: StateOption

    /// Does with the manifest's fleet what `plan` makes of the whole fleet's plan.
    func run(
        _ plan: @escaping @Sendable (FleetManifest, FleetPlan, (String) -> Bool) -> FleetPlan
    ) async throws {
        let declared = try await FleetArgument.manifest(
            toUse: manifest, place.fleets, agent: agent.path, with: engine.engine)
        try await FleetRequest(
            manifest: declared, selection: selection, work: work, engine: engine, place: place, agent: agent.path,
            narrow: { plan(declared, $0, $1) }
        ).run { try licences.accepted(place.places) }
    }
}
