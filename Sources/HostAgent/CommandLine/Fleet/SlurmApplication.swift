import Contract
import Fleet

/// A request that Slurm's jobs carry out.
struct SlurmApplication {
    private let request: FleetRequest
    private let site: SlurmSite
    private let engine: SlurmEngine
    private let selector: GuestSelector

    init(_ request: FleetRequest, _ site: SlurmSite, _ engine: SlurmEngine, _ selector: GuestSelector) {
        self.request = request
        self.site = site
        self.engine = engine
        self.selector = selector
    }

    /// For `--format json`.
    struct Answer: Encodable {
        var fleet: String
        var guests: [SlurmGuestStatus]
    }

    /// ``FleetRequest/run(licencesAccepted:)``.
    func run(licencesAccepted: () throws -> Bool) async throws {
        let goldens = SlurmGoldens(site)
        let use = goldens.use()
        let survey = try await SlurmSurvey(
            request.manifest, SlurmFleet(engine, site), state: request.place.places.state, agent: request.agent)
        let order = survey.order(try request.narrowed(survey.plan, survey.isMeant(by: selector)))
        let problems = await survey.problems(
            order,
            LocalFleetHost(
                request.place.fleets, agent: request.agent))
        guard problems.isEmpty else { throw Failures(problems) }
        try request.agree(to: order, licencesAccepted: licencesAccepted)
        let (jobs, quiet) = (request.work.jobs, request.work.quiet)
        let states = try await Interruption.stopping(
            note: "Interrupted: the jobs go on; the same command follows them again."
        ) {
            try await survey.fleet.carryOut(order, jobs: jobs) { news in
                if !quiet, let line = SlurmGuestStatus.line(news) { Terminal.note(line) }
            }
        }
        tell(goldens.collect(use, wanted: Set(survey.plan.goldens.filter { $0.guests > 0 }.map(\.digest))))
        try Self.show(states, fleet: request.manifest.name, engine, request.work.format)
    }

    private func tell(_ removal: SlurmGoldens.Removal) {
        guard !request.work.quiet else { return }
        switch removal {
        case .done(let digests): FleetApplication.tell(removed: digests)
        case .left(let reason): Terminal.note("Golden images that nobody uses stay: \(reason)")
        }
    }

    static func show(
        _ states: [(guest: String, state: SlurmGuestState)], fleet: String, _ engine: SlurmEngine,
        _ format: ReportFormat
    ) throws {
        let guests = states.map { SlurmGuestStatus($0.guest, $0.state) }
        switch format {
        case .json: try Terminal.writeJSON(Answer(fleet: fleet, guests: guests))
        case .text: Terminal.write(SlurmGuestStatus.table(guests, fleet: fleet).joined(separator: "\n"))
        }
        let failures = states.compactMap { if case .failed(let failure) = $0.state { failure } else { nil } }
        if let first = failures.first {
            Terminal.exit(showing: failures, folder: engine.spool.folder, status: first.code.exitStatus)
        }
    }
}
