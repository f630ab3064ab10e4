import ArgumentParser
import Contract
import Glibc
import Host
import Machines
import Provisioner
import SecureShell

/// `provision-gpu-vm ssh NAME [-- COMMAND…]`: the user's own ssh, with everything it needs.
struct SSHCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh",
        abstract: "Log in to a VM's guest, or run a command there, by your own ssh.",
        discussion: "What stands behind -- goes to the guest's shell, as with ssh; so does the exit status come back.")

    @OptionGroup var machine: MachineArgument

    @Option(help: "Another user than the one who can log in.")
    var user: String?

    @Flag(help: "Print the command line instead of running it.")
    var print = false

    @OptionGroup var place: StateOption

    @Argument(parsing: .postTerminator, help: ArgumentHelp("A command for the guest.", valueName: "command"))
    var command: [String] = []

    func run() async throws {
        let state = place.places.state
        let renderer = ProgressRenderer(quiet: false)
        let context = JobContext(licencesAccepted: true, progress: { renderer.show($0) })
        let known = try KnownMachine.named(machine.name, state: state)
        let target = try await Reaching(state: state, context: context).target(known, user: user)
        renderer.finish()
        let arguments = target.arguments(command: command)
        if print {
            Terminal.write((["ssh"] + arguments).map { shellQuote($0) }.joined(separator: " "))
            return
        }
        guard let program = findExecutable("ssh") else {
            throw missingTool("ssh", package: "openssh-client", operation: "log in to \(known.name)")
        }
        throw replaceProcess(program, ["ssh"] + arguments)
    }

    /// Returns only where it fails.
    private func replaceProcess(_ program: String, _ arguments: [String]) -> Failure {
        // What is ignored stays ignored across exec: ssh is to end with a reader that went away.
        signal(SIGPIPE, SIG_DFL)
        var words = arguments.map { strdup($0) } + [nil]
        execv(program, &words)
        let reason = String(cString: strerror(errno))
        signal(SIGPIPE, SIG_IGN)
        return Failure(
            .commandFailed, operation: "run ssh", message: "\(program) cannot be run: \(reason)",
            remedy: "Run it by hand; --print shows the command line.", side: .host)
    }
}
