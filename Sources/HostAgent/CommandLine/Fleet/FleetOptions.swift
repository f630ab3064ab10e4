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
        let endings = [".yaml", ".yml", ".json"]
        let isFile =
            FileManager.default.fileExists(atPath: fleet) || fleet.contains("/")
            || endings.contains { fleet.hasSuffix($0) }
        return isFile ? try LoadedManifest.read(fleet) : FleetManifest(name: fleet)
    }

    /// A manifest that something is to be done with. Where its text has mistakes, what it names is looked at all the same, so that one list
    /// has everything that is wrong: throws ``Failures``.
    static func manifest(toUse file: String, _ place: FleetPlace, agent: String?, with engine: EngineOptions.Engine)
        async throws -> FleetManifest
    {
        let loaded = try LoadedManifest(file: file)
        guard !loaded.mistakes.isEmpty else { return loaded.manifest }
        let host = LocalFleetHost(place, agent: agent)
        var found = loaded.mistakes
        for guest in loaded.manifest.oneGuestForEachImage where guest.settings.image != nil {
            // What is not there is told already, with its line.
            let problems =
                switch engine {
                case .local: await host.check("manifest", guest.settings, gpus: [])
                case .slurm: await host.checkInputs("manifest", guest.settings)
                }
            found += problems.filter { failure in
                ![.imageMissing, .runfileMissing].contains(failure.code)
                    && !found.contains { $0.message == failure.message }
            }.map { FleetInputs.of(guest, $0) }
        }
        throw Failures(found)
    }
}

/// Which guests of a fleet.
struct SelectionOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only these guests: a name, with * and ? for parts of it, or LABEL=VALUE; with commas, or repeated.",
            valueName: "selector"))
    var only: [String] = []

    func validate() throws { _ = try selector() }

    /// Throws where a selector means nobody of a plan: it is mistyped.
    func check(_ plan: FleetPlan) throws {
        guard !only.isEmpty, plan.guests.isEmpty else { return }
        throw Failure(
            .optionInvalid, operation: "choose guests",
            message: "--only \(only.joined(separator: ",")) means no guest.",
            remedy: "`provision-gpu-vm fleet status` lists them; labels are written LABEL=VALUE.", side: .host)
    }

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
    var overcommit = HostCapacity.usualOvercommit

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

extension StateOption {
    var fleets: FleetPlace { FleetPlace(state: places.state) }
}
