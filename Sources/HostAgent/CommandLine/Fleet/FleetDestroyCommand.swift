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
    @OptionGroup var place: StateOption

    func run() async throws {
        let selector = try selection.selector()
        try await FleetApplication(
            // As if the manifest were empty: what is there goes.
            manifest: FleetManifest(name: try fleet.manifest().name),
            place: FleetPlace(state: place.places.state), agent: nil, options: work,
            narrow: { plan, survey in plan.only(survey.isMeant(by: selector)) }
        ).run { true }
    }
}
