import ArgumentParser
import Contract
import Glibc
import Guest

/// The agent that runs in the guest: root is needed for nearly everything.
@main
struct GPUGuestAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gpu-guest-agent",
        abstract: "Makes this machine a GPU machine: driver, CUDA, and the proof that both work.",
        discussion: "Standard output is data, standard error is words.",
        version: ContractVersion.tool,
        subcommands: [
            InstallCommand.self, RunCommand.self, ResumeCommand.self, FollowCommand.self, StatusCommand.self,
            InspectCommand.self, ProveCommand.self, UndoCommand.self, ExplainCommand.self, SealCommand.self,
            VersionCommand.self,
        ])

    static func main() async {
        signal(SIGPIPE, SIG_IGN)  // the host's connection may break at any write
        signal(SIGTERM) { _ in StopRequest.make() }
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            Console.explain(failure)
            Glibc.exit(failure.code.exitStatus)
        } catch {
            exit(withError: error)
        }
    }
}
