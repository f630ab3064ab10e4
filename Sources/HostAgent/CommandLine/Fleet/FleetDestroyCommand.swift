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
        // As if the manifest were empty: what is there goes.
        try await FleetRequest(
            manifest: FleetManifest(name: try fleet.manifest().name), selection: selection, work: work, engine: engine,
            place: place, agent: nil, narrow: { $0.only($1) }
        ).run { true }
    }
}
