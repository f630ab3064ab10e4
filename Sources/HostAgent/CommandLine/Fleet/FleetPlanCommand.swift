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
            once for their digests, which are remembered. Whatever is wrong with the manifest and its files is told at once; with \
            --engine slurm, what a node lacks is found by its job.
            """)

    @Argument(help: "The manifest, YAML or JSON.", completion: .file())
    var manifest: String

    @OptionGroup var selection: SelectionOption

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    @OptionGroup var engine: EngineOptions
    @OptionGroup var agent: AgentOption
    @OptionGroup var place: StateOption

    func run() async throws {
        let selector = try selection.selector()
        let fleets = place.fleets
        let declared = try await FleetArgument.manifest(toUse: manifest, fleets, agent: agent.path, with: engine.engine)
        if let (site, slurm) = try engine.slurm(fleet: declared.name) {
            let survey = try await SlurmSurvey(
                declared, SlurmFleet(slurm, site), state: fleets.state, agent: agent.path)
            let plan = try narrowed(survey.plan, survey.isMeant(by: selector))
            let problems = await survey.problems(survey.order(plan), LocalFleetHost(fleets, agent: agent.path))
            try show(plan)
            guard problems.isEmpty else { throw Failures(problems) }
            return
        }
        let survey = try await FleetSurvey(declared, fleets, try FleetDatabase.reader(fleets), agent: agent.path)
        let plan = try narrowed(survey.plan, survey.isMeant(by: selector))
        let host = LocalFleetHost(fleets, agent: agent.path)
        let order = survey.order(plan)
        let problems = await survey.problems(
            order, host, on: try survey.capacity(order, jobs: nil, overcommit: HostCapacity.usualOvercommit))
        try show(plan)
        if !problems.isEmpty { throw Failures(problems) }
    }

    private func narrowed(_ plan: FleetPlan, _ isMeant: (String) -> Bool) throws -> FleetPlan {
        let plan = selection.only.isEmpty ? plan : plan.only(isMeant)
        try selection.check(plan)
        return plan
    }

    private func show(_ plan: FleetPlan) throws {
        switch format {
        case .json: try Terminal.writeJSON(plan)
        case .text: Terminal.write(FleetPlanText(plan).lines.joined(separator: "\n"))
        }
    }
}
