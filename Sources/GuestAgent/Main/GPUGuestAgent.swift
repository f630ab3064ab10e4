import ArgumentParser
import Contract
import Glibc
import Guest

/// Where the process begins. The work is in a task, and the main thread waits for signals: an asynchronous `main` would end
/// it by pthread_exit, which unwinds the stack, and the agent ships without the tables for that (Scripts/build).
@main
enum Start {
    static func main() {
        Task.detached {
            await GPUGuestAgent.run()
            exit(EXIT_SUCCESS)
        }
        while true { pause() }
    }
}

/// The agent that runs in the guest: root is needed for nearly everything.
struct GPUGuestAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gpu-guest-agent",
        abstract: "Makes this machine a GPU machine: driver, CUDA, and the proof that both work.",
        discussion: "Standard output is data, standard error is words.",
        version: ContractVersion.tool,
        subcommands: [
            InstallCommand.self, RunCommand.self, ResumeCommand.self, FollowCommand.self, StatusCommand.self,
            InspectCommand.self, ProveCommand.self, UndoCommand.self, ExplainCommand.self, SealCommand.self,
            IdentityCommand.self, SampleCommand.self, VersionCommand.self,
        ])

    /// Does what the arguments say. Returns only when that has worked.
    static func run() async {
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
