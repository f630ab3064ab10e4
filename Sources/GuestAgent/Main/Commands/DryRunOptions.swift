import ArgumentParser
import Contract
import Provisioning

struct DryRunOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Flag(help: "Tell step by step what would be done, and why; change nothing.")
    var dryRun = false
    @Option(help: "How a dry run is told.")
    var format: Format?

    func validate() throws {
        if format != nil && !dryRun { throw ValidationError("--format is for --dry-run.") }
    }

    func show(_ told: DryRun) throws {
        switch format ?? .text {
        case .json: try Console.json(told)
        case .text: for line in told.lines { try Console.line(line) }
        }
    }
}
