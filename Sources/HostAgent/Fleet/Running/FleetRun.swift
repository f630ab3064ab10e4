public import Contract
import FoundationEssentials
import Passthrough
import Provisioner

/// Brings a fleet to its plan: asks the scheduler what is next, has the host do it, keeps on disk what was begun and how it
/// ended. Cut off anywhere, the next run's plan goes on from what is there.
public struct FleetRun: Sendable {
    /// How it came out.
    public struct Outcome: Codable, Equatable, Sendable {
        /// A guest, or a golden image, and how it is.
        public struct Item: Codable, Equatable, Sendable {
            public enum State: String, Codable, Sendable {
                case done, failed
                /// Nothing freed what it needs, or the run was interrupted before.
                case waiting
            }

            /// The guest's name, or the digest.
            public var name: String
            public var state: State
            public var failure: Failure?
        }

        public var fleet: String
        public var goldens: [Item]
        public var guests: [Item]
        public var interrupted: Bool

        /// What failed, in order, each golden image's failure once.
        public var failures: [Failure] {
            let broken = goldens.compactMap(\.failure)
            return broken.isEmpty
                ? guests.compactMap(\.failure)
                : broken
                    + guests.compactMap(\.failure).filter { failure in
                        !broken.contains { failure.code == $0.code && failure.evidence == $0.evidence }
                    }
        }
    }

    private enum End: Sendable {
        case golden(String, Result<Void, Failure>)
        case guest(String, FleetPlan.Action?, Result<GuestStart?, Failure>)
        case woken
    }

    private let plan: FleetPlan
    private let blueprints: [String: GuestBlueprint]
    private let builds: [String: GuestSettings]
    private let keeper: any FleetKeeper
    private let host: any FleetHost
    private let tell: @Sendable (FleetEvent) -> Void
    private let now: @Sendable () -> Double
    private let sleep: @Sendable (Double) async throws -> Void

    /// - Parameters:
    ///   - blueprints: Of the plan's guests, by name; of guests that go, as they were made.
    ///   - builds: Settings to build each missing golden image with, by its digest.
    ///   - tell: Told of everything, from several tasks at once.
    ///   - now, sleep: Seconds; a test's stand-ins.
    public init(
        _ plan: FleetPlan, blueprints: [String: GuestBlueprint], builds: [String: GuestSettings],
        keeper: any FleetKeeper, host: any FleetHost, tell: @escaping @Sendable (FleetEvent) -> Void,
        now: @escaping @Sendable () -> Double, sleep: @escaping @Sendable (Double) async throws -> Void
    ) {
        self.plan = plan
        self.blueprints = blueprints
        self.builds = builds
        self.keeper = keeper
        self.host = host
        self.tell = tell
        self.now = now
        self.sleep = sleep
    }

    /// The same by this host's clock.
    public init(
        _ plan: FleetPlan, blueprints: [String: GuestBlueprint], builds: [String: GuestSettings],
        keeper: any FleetKeeper, host: any FleetHost, tell: @escaping @Sendable (FleetEvent) -> Void
    ) {
        self.init(
            plan, blueprints: blueprints, builds: builds, keeper: keeper, host: host, tell: tell,
            now: { Date().timeIntervalSince1970 }, sleep: { try await Task.sleep(for: .seconds($0)) })
    }

    /// Runs to the end. Cancelled, it begins nothing more, has what works come to an orderly end, and returns.
    ///
    /// Throws a ``Failure`` where the state cannot be kept: nothing more is begun then, since it would be forgotten.
    public func run(_ scheduler: consuming FleetScheduler) async throws -> Outcome {
        var scheduler = scheduler
        try await withThrowingTaskGroup(of: End.self) { group in
            var alarm: Double?
            while true {
                if Task.isCancelled { scheduler.stop() }
                for task in scheduler.next(at: now()) { try begin(task, in: &group) }
                if scheduler.isOver(at: now()) { break }
                if let wake = scheduler.wakeAt(after: now()), alarm.map({ wake < $0 }) ?? true {
                    alarm = wake
                    group.addTask { [sleep, now] in
                        try? await sleep(max(0, wake - now()))
                        return .woken
                    }
                }
                guard let end = try await group.next() else { break }
                switch end {
                case .woken: alarm = nil
                case .golden(let digest, let result): ended(golden: digest, result, &scheduler)
                case .guest(let name, let action, let result): try ended(guest: name, action, result, &scheduler)
                }
            }
            group.cancelAll()
        }
        return outcome(scheduler)
    }

    // MARK: - Tasks

    private func begin(_ task: FleetScheduler.Task, in group: inout ThrowingTaskGroup<End, any Error>) throws {
        switch task {
        case .build(let digest, let gpus):
            guard let settings = builds[digest] else { preconditionFailure("nothing is known of \(digest)") }
            tell(.began(.golden(digest), "build"))
            group.addTask { [host, tell] in
                .golden(
                    digest,
                    await Self.result {
                        try await host.build(
                            digest, settings, gpus: gpus, progress: { tell(.progress(.golden(digest), $0)) })
                    })
            }
        case .makeRoom(let name):
            let guest = blueprint(name)
            tell(.began(.guest(name), "stop, to make room for its golden image"))
            group.addTask { [host, tell] in
                .guest(
                    name, nil,
                    await Self.result {
                        try await host.stop(guest, progress: { tell(.progress(.guest(name), $0)) })
                        return nil
                    })
            }
        case .act(let name, let action, let gpus):
            let guest = blueprint(name)
            try keeper.put(
                GuestRecord(blueprint: guest, action: action, phase: .working, gpus: gpus, changedAt: now()))
            tell(.began(.guest(name), action.rawValue))
            group.addTask { [host, tell] in
                .guest(
                    name, action,
                    await Self.result {
                        try await host.perform(
                            action, guest, gpus: gpus, progress: { tell(.progress(.guest(name), $0)) })
                    })
            }
        }
    }

    private func blueprint(_ name: String) -> GuestBlueprint {
        guard let guest = blueprints[name] else { preconditionFailure("nothing is known of \(name)") }
        return guest
    }

    private static func result<Value>(_ body: () async throws -> Value) async -> Result<Value, Failure> {
        do {
            return .success(try await body())
        } catch {
            let all = Failures.list(
                of: error, operation: "work on the fleet", remedy: "Run the same command again.", side: .host)
            return .failure(all[0])
        }
    }

    // MARK: - Ends

    private func ended(golden digest: String, _ result: Result<Void, Failure>, _ scheduler: inout FleetScheduler) {
        let subject = FleetEvent.Subject.golden(digest)
        switch result {
        case .success:
            scheduler.ended(golden: digest, .done, at: now())
            tell(.ended(subject, .done(nil)))
        case .failure(let failure):
            scheduler.ended(golden: digest, .failed(failure), at: now())
            tell(.ended(subject, end(failure, scheduler.state(ofGolden: digest))))
        }
    }

    private func ended(
        guest name: String, _ action: FleetPlan.Action?, _ result: Result<GuestStart?, Failure>,
        _ scheduler: inout FleetScheduler
    ) throws {
        let subject = FleetEvent.Subject.guest(name)
        switch result {
        case .success(let start):
            if action == .destroy {
                try keeper.remove(guest: name, of: plan.fleet)
            } else if let action {
                try keeper.put(
                    GuestRecord(
                        blueprint: blueprint(name), action: action, phase: .done, gpus: scheduler.gpus(of: name),
                        start: start, changedAt: now()))
            }
            scheduler.ended(guest: name, .done, at: now())
            tell(.ended(subject, .done(start)))
        case .failure(let failure):
            // What was cut off stays `working`: its making goes on with the next run.
            if let action, !isCutOff(failure) {
                try keeper.put(
                    GuestRecord(
                        blueprint: blueprint(name), action: action, phase: .failed, failure: failure, changedAt: now()))
            }
            scheduler.ended(guest: name, .failed(failure), at: now())
            tell(.ended(subject, end(failure, scheduler.state(of: name))))
        }
    }

    private func isCutOff(_ failure: Failure) -> Bool { failure.code == .interrupted && Task.isCancelled }

    private func end(_ failure: Failure, _ state: FleetScheduler.State?) -> FleetEvent.End {
        if isCutOff(failure) { return .interrupted }
        if case .resting(let until, _) = state { return .resting(failure, seconds: max(0, until - now())) }
        return .failed(failure)
    }

    private func outcome(_ scheduler: FleetScheduler) -> Outcome {
        func item(_ name: String, _ state: FleetScheduler.State?) -> Outcome.Item {
            switch state {
            case .done: Outcome.Item(name: name, state: .done)
            case .failed(let failure), .resting(_, let failure):
                isCutOff(failure)
                    ? Outcome.Item(name: name, state: .waiting)
                    : Outcome.Item(name: name, state: .failed, failure: failure)
            case .waiting, .working, nil: Outcome.Item(name: name, state: .waiting)
            }
        }
        return Outcome(
            fleet: plan.fleet,
            goldens: plan.goldens.filter { $0.guests > 0 }.map {
                item($0.digest, scheduler.state(ofGolden: $0.digest))
            },
            guests: plan.guests.map { item($0.name, scheduler.state(of: $0.name)) }, interrupted: Task.isCancelled)
    }
}
