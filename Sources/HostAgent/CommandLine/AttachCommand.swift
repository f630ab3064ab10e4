import ArgumentParser
import Contract
import Glibc
import Provisioner

/// `provision-gpu-vm attach USER@HOST[:PORT]`: the same job on a machine that runs already.
struct AttachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Install driver and CUDA on a machine that runs already, and prove them.",
        discussion: """
            Any machine with an NVIDIA GPU, systemd and an SSH server: a VM of any hypervisor, a cloud instance, bare \
            metal. The runfiles are copied over SSH, from where an earlier copy stopped. The work goes on in the machine \
            when this tool or the connection ends; the same command follows it again. The machine is changed, and is \
            rebooted where that cannot be avoided: you are asked first. --dry-run shows what would be done.

            HOST may be a name of ~/.ssh/config (its HostName, User, Port and keys are taken; a ProxyJump is refused).

            \(ProvisionCommand.exitStatuses)
            """)

    @Argument(
        help: ArgumentHelp(
            "The machine: USER@HOST, USER@HOST:PORT, USER@[ADDRESS]:PORT. A user that is not root needs sudo.",
            valueName: "user@host[:port]"))
    var machine: String

    @OptionGroup(title: "What to install") var install: InstallOptions
    @Flag(help: "QEMU's edu device stands in for the GPU, for tests.")
    var simulatedGPU = false
    @OptionGroup(title: "The machine's packages and kernels") var guest: GuestOptions
    @OptionGroup(title: "Proof") var proof: ProofOptions

    @Flag(help: "Reboot the machine once at the end, and prove it again in that boot.")
    var proofReboot = false

    @Flag(help: "Leave the copied files in the machine.")
    var keepPayloads = false

    @OptionGroup var trust: HostKeyOption

    @Flag(help: "The machine may be changed and rebooted: do not ask.")
    var yes = false

    @OptionGroup(title: "Login (default: ssh-agent, then the keys that ssh tries)")
    var credentials: CredentialOptions
    @OptionGroup var options: RunOptions

    func run() async throws {
        let job = try job()
        let places = Places(state: options.state)
        let renderer = ProgressRenderer(quiet: options.quiet)
        let context = JobContext(
            password: try credentials.password(of: job.target.description), passphrase: try credentials.passphrase(),
            licencesAccepted: try options.dryRun || install.licences.accepted(places),
            progress: { renderer.show($0) })
        var ask: (@Sendable (String) -> Bool)?
        if Terminal.isInteractive {
            ask = { question in
                renderer.finish()
                return Terminal.confirm(SafeText.lines(question.split(separator: "\n").map { String($0) }))
            }
        }
        let prompts = AttachPrompts(agreed: yes, ask: ask)
        let attachment = Attachment(
            job: job, context: context, prompts: prompts, state: places.state, startOver: options.startOver)
        if options.dryRun {
            let told = try await Interruption.stopping(guestGoesOn: false, note: "Interrupted.") {
                try await attachment.dryRun()
            }
            renderer.finish()
            switch options.format {
            case .json: try Terminal.writeJSON(told)
            case .text: Terminal.write(DryRunRenderer(told).text)
            }
            if let blocked = told.firstFailure { Terminal.end(blocked.code.exitStatus) }
            return
        }
        let report = try await Interruption.stopping(note: "Interrupted. Once more to leave at once.") {
            try await attachment.run()
        }
        renderer.finish()
        try JobLaunch.show(report, as: options.format)
    }

    private func job() throws -> AttachJob {
        guard let target = AttachTarget(machine) else {
            throw ValidationError("\(machine) is no machine: USER@HOST, USER@HOST:PORT or USER@[ADDRESS]:PORT.")
        }
        var job = AttachJob(target: target, contents: try JobContents(install, guest, proof))
        job.hostKey = try trust.request()
        job.access = credentials.access
        job.simulatedGPU = simulatedGPU
        job.agent = options.agent.map(ProvisionCommand.absolute)
        job.keepPayloads = keepPayloads
        job.proofReboot = proofReboot
        return job
    }
}
