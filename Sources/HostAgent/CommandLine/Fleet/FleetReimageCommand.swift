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

    @OptionGroup var options: FleetChangeOptions

    func run() async throws {
        try await options.run { manifest, plan, isMeant in
            // Guests that are in no manifest are `apply`'s to remove.
            let names = Set(manifest.guests.map(\.name))
            return plan.only { names.contains($0) && isMeant($0) }.reimaging()
        }
    }
}
