import ArgumentParser
import Contract
import Machines

/// `provision-gpu-vm stop NAME`.
struct StopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop a VM: by its power button, then by force.",
        discussion: """
            A VM that does not run is left as it is, which is no error. Cards that it held are put back on the host's drivers.
            """)

    @Argument(help: "VMs: names of `list`, or unambiguous beginnings.", completion: .machineNames)
    var names: [String] = []

    @Flag(help: "All VMs that `start` made.")
    var all = false

    @Flag(help: "Do not ask the guest; what it has not written yet is lost.")
    var force = false

    @Option(help: ArgumentHelp("How long the guest may take to shut down: 90, 5m.", valueName: "time"))
    var timeout = DurationArgument(seconds: 90)

    @Flag(help: "Forget the VM afterwards: its keys, firmware variables and logs. Its image stays.")
    var remove = false

    @OptionGroup var place: StateOption

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    func validate() throws {
        if names.isEmpty != all { throw ValidationError("Name VMs, or give --all.") }
    }

    func run() async throws {
        let state = place.places.state
        let machines =
            all ? KnownMachine.allMachines(state: state) : try names.map { try KnownMachine.named($0, state: state) }
        var outcomes: [Stopping.Outcome] = []
        var failures: [Failure] = []
        for machine in machines {
            // One that does not stop must not keep the others running.
            do {
                let outcome = try await Stopping(state: state).stop(
                    machine, grace: force ? nil : timeout.duration, remove: remove)
                outcomes.append(outcome)
                if format == .text { Terminal.write(StopRenderer(outcome).text) }
            } catch let failure as Failure {
                failures.append(failure)
            }
        }
        if format == .json { try Terminal.writeJSON(outcomes) }
        if !failures.isEmpty { throw Failures(failures) }
    }
}
