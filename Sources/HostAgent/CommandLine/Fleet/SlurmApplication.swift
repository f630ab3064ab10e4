import Contract
import Fleet
import Provisioner

/// `apply`, `reimage` and `destroy` with `--engine slurm`.
struct SlurmApplication {
    let manifest: FleetManifest
    let site: SlurmSite
    let engine: SlurmEngine
    let state: String
    let agent: String?
    let options: FleetWorkOptions
    let selection: SelectionOption
    /// Makes the command's plan of the whole fleet's.
    let narrow: @Sendable (FleetPlan, (String) -> Bool) -> FleetPlan
    let selector: GuestSelector

    /// For `--format json`.
    struct Answer: Encodable {
        var fleet: String
        var guests: [SlurmGuestStatus]
    }

    /// Does it, prints what came of it, and ends the process where something failed.
    func run(licencesAccepted: () throws -> Bool) async throws {
        let fleet = SlurmFleet(engine, site)
        let files = ContentDigests(state: state)
        let digests = try await GoldenDigests(
            manifest, agent: manifest.guests.isEmpty ? "" : try await files.agent(agent),
            files: { try await files.sha256(of: $0, operation: "plan the fleet") },
            text: { try await files.sha256(ofText: $0, operation: "plan the fleet") })
        let reality = try await fleet.reality()
        var labels = reality.guests.mapValues { $0.settings.labels ?? [:] }
        for guest in manifest.guests { labels[guest.name] = guest.settings.labels ?? [:] }
        let (known, selector) = (labels, selector)
        let plan = narrow(FleetPlan(manifest, reality) { digests[$0] }) {
            selector.matches(name: $0, labels: known[$0] ?? [:])
        }
        try selection.check(plan)
        let order = FleetOrder(
            plan, manifest, digest: { digests[$0] }, records: [], running: { _ in nil }, hostCPUs: LocalFleetHost.cpus)
        for line in FleetPlanText(plan).lines where !options.quiet { Terminal.note(line) }
        try FleetApplication.confirm(plan, options)
        let needsLicences = order.missing.contains { order.builds[$0]?.driver != nil || order.builds[$0]?.cuda != nil }
        guard try !needsLicences || licencesAccepted() else { throw Licences.refusal() }
        let quiet = options.quiet
        let (jobs, engine) = (options.jobs, engine)
        let states = try await Interruption.stopping(
            note: "Interrupted: the jobs go on; the same command follows them again."
        ) {
            try await fleet.carryOut(order, jobs: jobs) { news in
                if !quiet, let line = SlurmGuestStatus.line(news) { Terminal.note(line) }
            }
        }
        try Self.show(states, fleet: manifest.name, engine, options.format)
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
