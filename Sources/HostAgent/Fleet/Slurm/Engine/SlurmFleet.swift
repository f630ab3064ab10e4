import Contract

/// A fleet that runs in Slurm: its plan from what spool and queue say, and its carrying out by jobs.
public struct SlurmFleet: Sendable {
    private let engine: SlurmEngine
    private let site: SlurmSite

    public init(_ engine: SlurmEngine, _ site: SlurmSite) {
        self.engine = engine
        self.site = site
    }

    /// Builds run as jobs, under names that no guest can have.
    static func build(_ digest: String) -> String { "golden/\(digest.prefix(16))" }

    /// What is there, for a plan. Guests that ended in order are there and stopped.
    public func reality() async throws -> FleetReality {
        var reality = FleetReality(goldens: GoldenStore(FleetPlace(state: site.shared, goldens: site.goldens)).whole())
        for (name, number, state, task) in try await guests() where state != .absent {
            guard let task else { continue }
            reality.guests[name] = ExistingGuest(
                golden: task.golden?.digest ?? "", settings: task.settings, isRunning: Self.isThere(state),
                failure: Self.failure(state).flatMap { isMade(number, task) ? nil : $0.message })
        }
        return reality
    }

    /// How guests stand, images that are built left out.
    public func status() async throws -> [(guest: String, state: SlurmGuestState)] {
        try await guests().map { ($0.name, $0.state) }
    }

    /// Guests with their numbers and tasks, those left out that are builds or gone. A task is nil where it cannot be read.
    private func guests() async throws -> [(name: String, number: Int?, state: SlurmGuestState, task: GuestTask?)] {
        guard let header = try engine.spool.header() else { return [] }
        return try await engine.status().compactMap { name, state in
            let number = header.guests[name]
            let task = number.flatMap { try? engine.spool.task($0) }
            return task?.builds == nil && task?.action != .destroy ? (name, number, state, task) : nil
        }
    }

    /// Whether a guest has a disk that somebody may have written to, since it was up once, or was only to start: its failure is none of
    /// the disk.
    private func isMade(_ number: Int?, _ task: GuestTask) -> Bool {
        ![.create, .reimage].contains(task.action) || number.flatMap { engine.spool.result($0) }?.wasUp == true
    }

    /// It runs, or will by itself.
    private static func isThere(_ state: SlurmGuestState) -> Bool {
        switch state {
        case .running, .waiting, .starting, .settling: true
        case .absent, .ended, .failed: false
        }
    }

    private static func failure(_ state: SlurmGuestState) -> Failure? {
        if case .failed(let failure) = state { failure } else { nil }
    }

    /// Brings it to the order's plan: images first, as jobs; then the guests that change are stopped and submitted. Returns once every guest
    /// runs, waits in the queue no more, or has failed. Cancelled, jobs go on; the same call again goes on with them.
    public func carryOut(
        _ order: FleetOrder, jobs: Int?, tell: (SlurmNews) -> Void
    ) async throws -> [(guest: String, state: SlurmGuestState)] {
        let plan = order.plan
        let fleet = plan.fleet
        var outcome = try await build(order, fleet, jobs, tell)
        let broken = Set(outcome.map(\.guest))
        let known = Set(try engine.spool.header()?.guests.keys.map { $0 } ?? [])
        let going = plan.guests.filter { $0.action == .destroy }.map(\.name).filter { known.contains($0) }
        let goldens = GoldenStore(FleetPlace(state: site.shared, goldens: site.goldens))
        var tasks: [GuestTask] = []
        for guest in plan.guests where ![.none, .destroy].contains(guest.action) {
            guard let blueprint = order.blueprints[guest.name], let need = order.need(guest.name) else { continue }
            guard !broken.contains(Self.build(blueprint.golden)) else { continue }
            tasks.append(
                GuestTask(
                    fleet: fleet, guest: guest.name, machineName: blueprint.machine, settings: blueprint.settings,
                    need: need, golden: .init(digest: blueprint.golden, path: goldens.path(blueprint.golden)),
                    action: guest.action))
        }
        let changing = tasks.map(\.guest).filter { known.contains($0) }
        if !going.isEmpty || !changing.isEmpty {
            for guest in try await engine.stop(going + changing) {
                tell(.cutOff(guest: guest))
            }
        }
        for guest in going { try forget(guest) }
        guard !tasks.isEmpty else { return outcome }
        _ = try await engine.submit(tasks, jobs: jobs)
        outcome += try await engine.follow(tasks.map(\.guest), tell: tell)
        return outcome
    }

    /// Marks a guest whose job is over as gone. Its disk stays until a guest of its name is made.
    private func forget(_ guest: String) throws {
        guard let number = try engine.spool.header()?.guests[guest] else { return }
        var task = try engine.spool.task(number)
        task.action = .destroy
        try engine.spool.write(task, number)
    }

    /// Builds what is missing; returns those that failed.
    private func build(
        _ order: FleetOrder, _ fleet: String, _ jobs: Int?, _ tell: (SlurmNews) -> Void
    ) async throws -> [(guest: String, state: SlurmGuestState)] {
        let tasks = order.missing.compactMap { digest -> GuestTask? in
            guard let settings = order.builds[digest] else { return nil }
            return GuestTask(
                fleet: fleet, guest: Self.build(digest), machineName: "golden", settings: settings,
                need: order.buildNeed(settings), action: .create, builds: digest)
        }
        guard !tasks.isEmpty else { return [] }
        _ = try await engine.submit(tasks, jobs: jobs)
        return try await engine.follow(tasks.map(\.guest), tell: tell).filter { $0.state != .ended }
    }
}
