import Contract
import Fleet
import FleetStore
import FoundationEssentials
import Provisioner

/// What `apply`, `reimage` and `destroy` have in common: plan under the lock, ask, do, tell.
struct FleetApplication {
    let manifest: FleetManifest
    let place: FleetPlace
    let agent: String?
    let options: FleetWorkOptions
    let selection: SelectionOption
    /// Makes the command's plan of the whole fleet's.
    let narrow: @Sendable (FleetPlan, FleetSurvey) -> FleetPlan

    /// Does it, prints what came of it, and ends the process where something failed. `licencesAccepted` may ask.
    func run(licencesAccepted: () throws -> Bool) async throws {
        let lock = try place.lock()
        defer { withExtendedLifetime(lock) {} }
        let database = try FleetDatabase.writer(place)
        let survey = try await FleetSurvey(manifest, place, database, agent: agent)
        let plan = narrow(survey.plan, survey)
        try selection.check(plan)
        let order = survey.order(plan)
        let capacity = try survey.capacity(order, jobs: options.jobs, overcommit: options.overcommit)
        let problems = await survey.problems(
            order, LocalFleetHost(place, licencesAccepted: true, agent: agent), on: capacity)
        guard problems.isEmpty else { throw Failures(problems) }
        for line in FleetPlanText(plan).lines where !options.quiet { Terminal.note(line) }
        try Self.confirm(plan, options)
        let needsLicences = order.missing.contains { order.builds[$0]?.driver != nil || order.builds[$0]?.cuda != nil }
        guard try !needsLicences || licencesAccepted() else { throw Licences.refusal() }
        let host = LocalFleetHost(place, licencesAccepted: true, agent: agent)
        let renderer = FleetRenderer(plan, quiet: options.quiet)
        let run = FleetRun(
            plan, blueprints: order.blueprints, builds: order.builds, keeper: database, host: host,
            tell: { renderer.show($0) })
        let scheduler = order.scheduler(on: capacity)
        let outcome = try await Interruption.stopping(
            note: "Interrupted: nothing more is begun, and what is being done is put down. Once more to leave at once."
        ) { try await run.run(scheduler) }
        renderer.finish()
        try noteSettings(survey, plan, database)
        let wanted = Set(survey.plan.goldens.filter { $0.guests > 0 }.map(\.digest))
        let removed = GoldenStore(place).collect(keeping: wanted.union(try database.goldensInUse()))
        for digest in removed where !options.quiet {
            Terminal.note("The golden image \(digest.prefix(12)) was removed: nobody uses it.")
        }
        try show(outcome)
    }

    /// Guests whose disks would go are named in the plan above; who is asked has read it.
    static func confirm(_ plan: FleetPlan, _ options: FleetWorkOptions) throws {
        let lost = plan.guests.count { $0.losesDisk }
        guard lost > 0, !options.yes else { return }
        let loss = lost == 1 ? "One guest loses its disk." : "\(lost) guests lose their disks."
        guard Terminal.isInteractive, Terminal.confirm("\(loss) Go on?") else {
            throw Failure(
                .notConfirmed, operation: "apply the plan", message: "\(loss) Nobody said yes to that.",
                remedy: "Give --yes, or choose other guests with --only.", side: .host)
        }
    }

    /// What changed of guests that need nothing done (their labels) is kept.
    private func noteSettings(_ survey: FleetSurvey, _ plan: FleetPlan, _ database: FleetDatabase) throws {
        let untouched = Set(plan.guests.filter { $0.action == .none }.map(\.name))
        let declared = Dictionary(manifest.guests.map { ($0.name, $0.settings) }, uniquingKeysWith: { $1 })
        for var record in survey.records where untouched.contains(record.name) {
            guard let settings = declared[record.name], settings != record.blueprint.settings else { continue }
            record.blueprint.settings = settings
            try database.put(record)
        }
    }

    private func show(_ outcome: FleetRun.Outcome) throws {
        switch options.format {
        case .json: try Terminal.writeJSON(outcome)
        case .text:
            let counts = [("done", FleetRun.Outcome.Item.State.done), ("failed", .failed), ("waiting", .waiting)]
                .map { word, state in (word, outcome.guests.count { $0.state == state }) }.filter { $0.1 > 0 }
            let words = counts.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
            Terminal.write("Fleet \(outcome.fleet): \(words.isEmpty ? "no guests" : words).")
            for guest in outcome.guests where guest.state == .waiting && !outcome.interrupted {
                Terminal.write("  \(guest.name) waits: what it needs (GPUs, memory, CPUs) is taken by others.")
            }
        }
        let failures = outcome.failures
        if let first = failures.first { Terminal.exit(showing: failures, status: first.code.exitStatus) }
        if outcome.interrupted { Terminal.end(130) }
    }
}
