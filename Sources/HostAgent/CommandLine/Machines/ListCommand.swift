import ArgumentParser
import Contract
import Machines
import Passthrough

/// `provision-gpu-vm list`.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the VMs of this tool: those of `start`, and those that provisioning runs have running.",
        discussion: """
            A VM whose QEMU did not end in order is called crashed, with QEMU's last words below it. Run as root, cards that \
            such a VM held are put back on the host's drivers.
            """)

    @OptionGroup var place: StateOption

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    func run() async throws {
        let restored = await Claims().restoreAbandoned()
        for change in restored.changes { Terminal.note("The card \(change.card) was put back on its drivers.") }
        for failure in restored.failures { Terminal.note(FailureRenderer(failure).text) }
        let machines = MachineSurvey(state: place.places.state).all()
        switch format {
        case .json: try Terminal.writeJSON(machines)
        case .text where machines.isEmpty: Terminal.note("There are no VMs. `provision-gpu-vm start IMAGE` makes one.")
        case .text: Terminal.write(MachineTable(machines).lines.joined(separator: "\n"))
        }
    }
}
