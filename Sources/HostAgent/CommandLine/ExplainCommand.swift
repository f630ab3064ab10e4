import ArgumentParser
import Contract
import FailureCatalogue
import FoundationEssentials
import SystemPackage

/// `provision-gpu-vm explain [FILE…]`: a log → what failed, why, what to do.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what a log says went wrong, why, and what to do.",
        discussion: """
            Reads logs of installers, kernels, consoles, QEMU, NVIDIA's tools and package managers. A folder stands for all \
            logs in it, a run's folder for instance. Ends with 0 where a failure was explained, with 3 where none is known \
            (the last lines of every log are shown), with 66 where a file cannot be read or a folder holds no log.
            """)

    @Argument(help: "Logs or folders of logs; - or nothing for standard input.", completion: .file())
    var files: [String] = []

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    func run() throws {
        let explanation: Explanation
        do {
            explanation = try LogFiles.explain(files.map { $0 == "-" ? $0 : ProvisionCommand.absolute($0) })
        } catch let unreadable as LogFiles.Unreadable {
            Terminal.note("error: \(Printable.line(unreadable.description))")
            throw ExitCode(66)
        }
        switch format {
        case .json: try Terminal.writeJSON(explanation)
        case .text: Terminal.write(explanation.lines(width: 80).joined(separator: "\n"))
        }
        if !explanation.known { throw ExitCode(3) }
    }
}
