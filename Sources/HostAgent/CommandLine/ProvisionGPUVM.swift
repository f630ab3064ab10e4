import ArgumentParser
import Contract
import Glibc

/// `provision-gpu-vm`: one file per command, renderers, nothing else.
@main
struct ProvisionGPUVM: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provision-gpu-vm",
        abstract: "Make a VM in which CUDA works of a disk image, and prove it.",
        usage: """
            provision-gpu-vm IMAGE --driver FILE [--cuda FILE] --gpu GPU
            provision-gpu-vm provision --help      all options of that, the main job
            provision-gpu-vm COMMAND --help
            """,
        discussion: """
            The image is never written, unless told by --in-place. The same command again continues a run, whatever \
            ended it. stdout is data, stderr is for people.
            """,
        version: ContractVersion.tool,
        subcommands: [ProvisionCommand.self, AttachCommand.self, UndoCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Host",
                subcommands: [DoctorCommand.self, GPUsCommand.self, BindCommand.self, ReleaseCommand.self]),
            CommandGroup(
                name: "VM",
                subcommands: [
                    StartCommand.self, StopCommand.self, ListCommand.self, SSHCommand.self, LogsCommand.self,
                    ReportCommand.self, TelemetryCommand.self,
                ]),
            CommandGroup(name: "Fleet", subcommands: [FleetCommand.self]),
            CommandGroup(name: "Reading", subcommands: [InspectCommand.self, ExplainCommand.self, ParseCommand.self]),
        ],
        defaultSubcommand: ProvisionCommand.self)

    static func main() async {
        // A reader that went away must not kill a run; writes report it instead.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            Terminal.exit(showing: [failure])
        } catch let failures as Failures {
            Terminal.exit(showing: failures.all)
        } catch {
            exit(withError: error)
        }
    }
}
