import ArgumentParser
import Fleet
import FoundationEssentials

/// `provision-gpu-vm fleet slurm-task SPOOL N`: what a job runs.
struct FleetSlurmTaskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slurm-task", abstract: "Run one guest inside a Slurm job.", shouldDisplay: false)

    @Argument(help: "The fleet's spool.")
    var spool: String

    @Argument(help: "The guest's number there.")
    var number: Int

    func run() async throws {
        let spool = SlurmSpool(folder: spool)
        let (number, site) = (number, try spool.site())
        let status = try await Interruption.stopping(
            guestGoesOn: false, note: "Told to end: switching the guest off."
        ) {
            await SlurmTask(
                spool: spool, number: number, environment: ProcessInfo.processInfo.environment,
                performer: SlurmGuestHost(site), now: { Date().timeIntervalSince1970 }
            ).run()
        }
        if status != 0 { Terminal.end(status) }
    }
}
