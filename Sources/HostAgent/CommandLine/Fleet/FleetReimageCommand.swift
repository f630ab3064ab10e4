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
    @OptionGroup var agent: AgentOption
    @OptionGroup var licences: LicenceOption
    @OptionGroup var place: StateOption

    func run() async throws {
        let selector = try selection.selector()
        let declared = try LoadedManifest(file: manifest).manifest
        let names = Set(declared.guests.map(\.name))
        try await FleetApplication(
            manifest: declared, place: FleetPlace(state: place.places.state), agent: agent.path, options: work,
            narrow: { plan, survey in
                let isMeant = survey.isMeant(by: selector)
                // Guests that are in no manifest are `apply`'s to remove.
                return plan.only { names.contains($0) && isMeant($0) }.reimaging()
            }
        ).run { try licences.accepted(place.places) }
    }
}
