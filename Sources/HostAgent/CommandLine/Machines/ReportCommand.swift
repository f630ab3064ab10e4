import ArgumentParser
import Contract
import Machines

/// `provision-gpu-vm report NAME|IMAGE`.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show the report of the provisioning that made a VM's image.")

    @Argument(help: "A VM, a run, or a provisioned image.", completion: .machineNames)
    var reference: String

    @OptionGroup var place: StateOption

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    func run() throws {
        let report = try StoredReports.report(
            reference, path: ProvisionCommand.absolute(reference), state: place.places.state)
        switch format {
        case .json: try Terminal.writeJSON(report)
        case .text: Terminal.write(SummaryRenderer(report).text)
        }
    }
}
