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

    @OptionGroup var options: FleetChangeOptions

    func run() async throws {
        let isAll = options.selection.only.isEmpty
        try await options.run { _, plan, isMeant in isAll ? plan : plan.only(isMeant) }
    }
}
