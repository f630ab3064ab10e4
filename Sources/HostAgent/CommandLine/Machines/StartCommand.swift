import ArgumentParser
import Contract
import Machines
import Provisioner
import VirtualMachines

/// `provision-gpu-vm start IMAGE`: a VM that lasts.
struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start a VM of a provisioned image, or of any other.",
        discussion: """
            The guest writes into IMAGE itself, which must be qcow2; with --snapshot, into a throwaway disk. The VM keeps \
            its name, MAC address, SSH port, firmware variables and keys from one start to the next. Without a login of \
            yours, keys are made for this VM and handed to the guest at boot; use `provision-gpu-vm ssh NAME`.

            Without --detach the command stays until the VM ends; Ctrl-C shuts the guest down.

            \(ProvisionCommand.exitStatuses)
            """)

    @OptionGroup var image: ImageArgument

    @Option(help: ArgumentHelp("The VM's name. (default: IMAGE's, without what stands behind the last dot)"))
    var name: String?

    @Flag(help: "Return once the guest's SSH server answers; the VM runs on.")
    var detach = false

    @Flag(help: "With --detach: return as soon as QEMU runs, without waiting for the guest.")
    var noWait = false

    @Flag(help: "Let the guest write to a throwaway disk that goes with the VM's end; IMAGE is not written.")
    var snapshot = false

    @Flag(help: "Print a shell script that starts this VM without this tool, and start nothing.")
    var printCommand = false

    @OptionGroup(title: "What the guest is handed; without any of it, what it was handed at its last start")
    var handed: HandedOptions

    @Option(
        name: .customLong("forward"),
        help: ArgumentHelp(
            "A port of 127.0.0.1 that leads to one of the guest's, or the guest's alone for a free one; repeat for several. "
                + "(default: those of the last start)", valueName: "host:guest"))
    var forwards: [ForwardArgument] = []

    @OptionGroup(title: "GPU; none without --gpu") var gpu: GPUChoiceOptions
    @OptionGroup(title: "Virtual machine") var machine: MachineOptions
    @OptionGroup(title: "Login") var login: LoginOptions
    @OptionGroup var place: StateOption

    @Option(help: "What goes to stdout once the VM runs, as text or json.")
    var format: ReportFormat = .text

    @Flag(name: .shortAndLong, help: "Print nothing while working.")
    var quiet = false

    func validate() throws {
        if noWait && !detach { throw ValidationError("--no-wait goes with --detach.") }
        if printCommand && (detach || snapshot) {
            throw ValidationError(
                "--print-command goes with neither --detach nor --snapshot: its script runs on IMAGE.")
        }
    }

    func run() async throws {
        let job = try JobLaunch.job(
            image: image.path, contents: JobContents(), gpu: gpu.gpu.isEmpty ? .none : try gpu.request(),
            destination: .inPlace, machine: machine,
            login: login)
        let renderer = ProgressRenderer(quiet: quiet)
        let context = JobContext(
            password: printCommand ? nil : try login.password(),
            passphrase: printCommand ? nil : try login.passphrase(), licencesAccepted: true,
            progress: { renderer.show($0) })
        let state = place.places.state
        let starting = Starting(
            StartRequest(
                job: job, name: name, isSnapshot: snapshot, waitsForGuest: !noWait, identity: try handed.identity(),
                forwards: forwards.isEmpty ? nil : forwards.map(\.forward)), state: state, context: context)
        if printCommand {
            Terminal.write(startScript(for: try await starting.sketch()))
            return
        }
        let (stays, format, given) = (!detach, format, place.state)
        try await Interruption.stopping {
            let started = try await starting.run()
            renderer.finish()
            let rendered = StartedRenderer(started, state: given)
            switch format {
            case .json: try Terminal.writeJSON(rendered.facts)
            case .text: Terminal.write(rendered.text)
            }
            if let warning = rendered.warning { Terminal.note(warning) }
            guard stays else { return }
            let end = try await started.stay(grace: .seconds(90), state: state, progress: { renderer.show($0) })
            renderer.finish()
            Terminal.note("The VM \(started.stored.name) has ended: \(end.reason).")
        }
    }
}
