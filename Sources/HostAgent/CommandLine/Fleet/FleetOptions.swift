import ArgumentParser
import Contract
import Fleet
import FoundationEssentials

/// A fleet, by its manifest or, where it has been made, by its name.
struct FleetArgument: ParsableArguments {
    @Argument(help: "The manifest, or the name of a fleet that is there.", completion: .file())
    var fleet: String

    func manifest() throws -> FleetManifest { try Self.manifest(fleet) }

    /// The manifest; of a mere name, one without guests.
    static func manifest(_ fleet: String) throws -> FleetManifest {
        let isFile = FileManager.default.fileExists(atPath: fleet) || fleet.contains("/") || fleet.contains(".y")
        return isFile ? try LoadedManifest(file: fleet).manifest : FleetManifest(name: fleet)
    }
}

/// Which guests of a fleet.
struct SelectionOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only these guests: a name, with * and ? for parts of it, or LABEL=VALUE; with commas, or repeated.",
            valueName: "selector"))
    var only: [String] = []

    func selector() throws -> GuestSelector {
        guard let selector = GuestSelector(only) else {
            throw ValidationError("--only takes names, patterns and LABEL=VALUE, with commas between.")
        }
        return selector
    }
}

/// How a fleet is worked on.
struct FleetWorkOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How many things are done at once. (default: a quarter of the host's CPUs, from 2 to 16)", valueName: "n"))
    var jobs: Int?

    @Option(
        help: ArgumentHelp("Guest CPUs for each CPU of the host, in all guests together.", valueName: "factor"))
    var overcommit = 16

    @Flag(name: .shortAndLong, help: "Do not ask before guests lose their disks.")
    var yes = false

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    @Flag(name: .shortAndLong, help: "Print nothing while working.")
    var quiet = false

    func validate() throws {
        if let jobs, !(1...1000).contains(jobs) { throw ValidationError("--jobs takes a number from 1 to 1000.") }
        if !(1...1000).contains(overcommit) { throw ValidationError("--overcommit takes a number from 1 to 1000.") }
    }
}

/// The agent that goes into golden images.
struct AgentOption: ParsableArguments {
    @Option(help: ArgumentHelp("The guest agent. (default: gpu-guest-agent beside this tool)", valueName: "file"))
    var agent: String?

    var path: String? { agent.map(ProvisionCommand.absolute) }
}
