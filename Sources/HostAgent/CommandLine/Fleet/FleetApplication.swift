import Contract
import Fleet
import FleetStore

/// A request that this host carries out: planned under the lock, agreed to, done, told.
struct FleetApplication {
    private let request: FleetRequest
    private let selector: GuestSelector
    private let place: FleetPlace

    init(_ request: FleetRequest, _ selector: GuestSelector) {
        self.request = request
        self.selector = selector
        place = request.place.fleets
    }

    /// ``FleetRequest/run(licencesAccepted:)``.
    func run(licencesAccepted: () throws -> Bool) async throws {
        let lock = try place.lock()
        defer { withExtendedLifetime(lock) {} }
        let database = try FleetDatabase.writer(place)
        let survey = try await FleetSurvey(request.manifest, place, database, agent: request.agent)
        let whole = survey.plan
        let plan = try request.narrowed(whole, survey.isMeant(by: selector))
        let order = survey.order(plan)
        let (work, host) = (request.work, LocalFleetHost(place, agent: request.agent))
        let capacity = try survey.capacity(order, jobs: work.jobs, overcommit: work.overcommit)
        let problems = await survey.problems(order, host, on: capacity)
        guard problems.isEmpty else { throw Failures(problems) }
        try request.agree(to: order, licencesAccepted: licencesAccepted)
        let renderer = FleetRenderer(plan, quiet: work.quiet)
        let run = FleetRun(
            plan, blueprints: order.blueprints, builds: order.builds, keeper: database, host: host,
            tell: { renderer.show($0) })
        let scheduler = order.scheduler(on: capacity)
        let outcome = try await Interruption.stopping(
            note: "Interrupted: nothing more is begun, and what is being done is put down. Once more to leave at once."
        ) { try await run.run(scheduler) }
        renderer.finish()
        try noteSettings(survey, plan, database)
        let wanted = Set(whole.goldens.filter { $0.guests > 0 }.map(\.digest))
        let removed = GoldenStore(place).collect(keeping: wanted.union(try database.goldensInUse()))
        if !work.quiet { Self.tell(removed: removed) }
        try show(outcome)
    }

    static func tell(removed digests: [String]) {
        for digest in digests {
            Terminal.note("The golden image \(digest.prefix(12)) was removed: nobody uses it.")
        }
    }

    /// What changed of guests that need nothing done (their labels) is kept.
    private func noteSettings(_ survey: FleetSurvey, _ plan: FleetPlan, _ database: FleetDatabase) throws {
        let untouched = Set(plan.guests.filter { $0.action == .none }.map(\.name))
        let declared = Dictionary(request.manifest.guests.map { ($0.name, $0.settings) }, uniquingKeysWith: { $1 })
        for var record in survey.records where untouched.contains(record.name) {
            guard let settings = declared[record.name], settings != record.blueprint.settings else { continue }
            record.blueprint.settings = settings
            try database.put(record)
        }
    }

    private func show(_ outcome: FleetRun.Outcome) throws {
        switch request.work.format {
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
