import ArgumentParser
import Contract
import Fleet
import FleetStore

/// `provision-gpu-vm fleet plan FLEET.yaml`.
struct FleetPlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Tell the difference between a manifest and what is there. Changes nothing.",
        discussion: """
            Guests whose images have equal contents share one golden image; a runfile's name does not matter. Files are read \
            once for their digests, which are remembered. Whatever is wrong with the manifest and its files is told at once.
            """)

    @Argument(help: "The manifest, YAML or JSON.", completion: .file())
    var manifest: String

    @OptionGroup var selection: SelectionOption

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    @OptionGroup var agent: AgentOption
    @OptionGroup var place: StateOption

    func run() async throws {
        let selector = try selection.selector()
        let fleets = FleetPlace(state: place.places.state)
        let survey = try await FleetSurvey(
            try await FleetArgument.manifest(toUse: manifest, fleets, agent: agent.path), fleets,
            try FleetDatabase.reader(fleets), agent: agent.path)
        var plan = survey.plan
        if !selection.only.isEmpty { plan = plan.only(survey.isMeant(by: selector)) }
        try selection.check(plan)
        let host = LocalFleetHost(fleets, agent: agent.path)
        let order = survey.order(plan)
        let problems = await survey.problems(
            order, host, on: try survey.capacity(order, jobs: nil, overcommit: HostCapacity.usualOvercommit))
        switch format {
        case .json: try Terminal.writeJSON(plan)
        case .text: Terminal.write(FleetPlanText(plan).lines.joined(separator: "\n"))
        }
        if !problems.isEmpty { throw Failures(problems) }
    }
}
