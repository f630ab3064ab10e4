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
            provision-gpu-vm IMAGE --driver FILE [--cuda FILE] --gpu BDF
            provision-gpu-vm provision --help        all options of that, the main job
            provision-gpu-vm attach USER@HOST[:PORT] --driver FILE      the same on a machine that runs already
            provision-gpu-vm undo IMAGE              take driver and toolkits out again
            provision-gpu-vm gpus                    the GPUs there are
            provision-gpu-vm doctor                  whether this host can pass one through
            provision-gpu-vm start IMAGE --gpu BDF   run a VM of it; then list, ssh, logs, stop, report
            provision-gpu-vm inspect RUNFILE
            provision-gpu-vm bind --gpu BDF          a GPU to vfio-pci, until release (root)
            provision-gpu-vm release --gpu BDF       and back on the host's drivers (root)
            """,
        discussion: """
            The image is never written, unless told by --in-place. The same command again continues a run, whatever \
            ended it. stdout is data, stderr is for people.
            """,
        version: ContractVersion.tool,
        subcommands: [
            ProvisionCommand.self, UndoCommand.self, GPUsCommand.self, InspectCommand.self,
            ExplainCommand.self, BindCommand.self, ReleaseCommand.self, DoctorCommand.self, StartCommand.self,
            StopCommand.self, ListCommand.self, SSHCommand.self, LogsCommand.self, ReportCommand.self,
            AttachCommand.self,
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
