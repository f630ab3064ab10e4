import ArgumentParser
import Provisioner

/// `provision-gpu-vm inspect RUNFILE`: what it is, whether it is whole.
struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Say what a runfile is and whether it is whole, without running it.")

    @Argument(help: "A driver or CUDA runfile.", completion: .file())
    var runfile: String

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    func run() async throws {
        let finding = try await RunfileFinding.inspect(
            path: ProvisionCommand.absolute(runfile), cache: Places(state: nil).state)
        switch format {
        case .json: try Terminal.writeJSON(finding)
        case .text: Terminal.write(finding.lines.joined(separator: "\n"))
        }
    }
}
