public import Contract
public import Passthrough

/// Brings a fleet to its plan: what is done next, on one host. A pure state machine: events in, tasks out; who runs it keeps what
/// it says on disk before doing it.
///
/// What goes is done first, since it frees what others need; then guests in the manifest's order, those that name their cards before those
/// that take any. As many at once as fit. A guest's failure stops nobody else; a golden image's stops its own guests. Where
/// an image can only be built on what its own guests hold, these are stopped for it.
public struct FleetScheduler: Sendable {
    /// Something to be done now.
    public enum Task: Equatable, Sendable {
        /// Build a golden image, on these cards.
        case build(digest: String, gpus: [PCIAddress])
        /// Stop a guest that is to stand on an image that cannot be built while the guest holds what the build takes.
        case makeRoom(guest: String)
        /// Do with a guest what the plan says, with these cards.
        case act(guest: String, FleetPlan.Action, gpus: [PCIAddress])
    }

    /// How a task ended.
    public enum Outcome: Equatable, Sendable {
        case done
        case failed(Failure)
    }

    /// How a guest, or a golden image, is.
    public enum State: Equatable, Sendable {
        case waiting
        case working
        case done
        /// It failed, and is tried again at this time.
        case resting(until: Double, Failure)
        case failed(Failure)
    }

    /// How often one thing is tried.
    public static let attempts = 3
    /// The longest rest between two tries, seconds.
    public static let longestRest = 60.0

    private struct Guest {
        var name: String
        var action: FleetPlan.Action
        var golden: String?
        var need: GuestNeed
        var state = State.waiting
        var failures = 0
        var isMakingRoom = false
    }

    private struct Golden {
        var need: GuestNeed
        var state: State
        var failures = 0
    }

    private let jobs: Int
    private var ledger: CapacityLedger
    private var guests: [Guest]
    private var places: [String: Int]
    /// Guests that wait, in the order in which they are looked at.
    private var waiting: [Int]
    /// Guests that rest: few, whatever the fleet's size.
    private var resting: Set<Int> = []
    private var goldens: [String: Golden]
    private var goldenOrder: [String]
    private var working = 0
    private var isStopping = false

    /// - Parameters:
    ///   - needs: What each guest takes while it is there; guests that go need nothing.
    ///   - builds: What building a golden image takes, by its digest.
    ///   - holding: The cards of guests that are there, also of those that the plan says nothing of.
    public init(
        _ plan: FleetPlan, on capacity: HostCapacity, needs: [String: GuestNeed], builds: [String: GuestNeed] = [:],
        holding: [String: [PCIAddress]] = [:]
    ) {
        jobs = max(1, capacity.jobs)
        var ledger = CapacityLedger(capacity)
        let nothing = GuestNeed(gpus: .none, memoryBytes: 0, cpus: 0)
        var guests = plan.guests.map { guest in
            Guest(name: guest.name, action: guest.action, golden: guest.golden, need: needs[guest.name] ?? nothing)
        }
        // What a guest holds stays its own, but for one that goes or begins again as another machine.
        for (name, gpus) in holding {
            let need = needs[name] ?? nothing
            ledger.adopt(name, .init(gpus: gpus, memoryBytes: need.memoryBytes, cpus: need.cpus))
        }
        // Guests that are alike are looked at once.
        var known: [GuestNeed: String?] = [:]
        func impossibility(_ need: GuestNeed) -> String? {
            if let answer = known[need] { return answer }
            let answer = ledger.impossibility(need)
            known[need] = .some(answer)
            return answer
        }
        for place in guests.indices {
            switch guests[place].action {
            case .none: guests[place].state = .done
            case .destroy: break
            case .create, .reimage, .restart, .start:
                guard let why = impossibility(guests[place].need) else { break }
                guests[place].state = .failed(Self.impossible(guests[place].name, why))
            }
        }
        self.ledger = ledger
        self.guests = guests
        places = Dictionary(uniqueKeysWithValues: guests.enumerated().map { ($1.name, $0) })
        goldens = Dictionary(
            uniqueKeysWithValues: plan.goldens.filter { $0.guests > 0 }.map { golden in
                let need = builds[golden.digest] ?? nothing
                guard golden.isMissing else { return (golden.digest, Golden(need: need, state: .done)) }
                let impossible = ledger.impossibility(need).map { Self.impossible("the golden image", $0) }
                return (golden.digest, Golden(need: need, state: impossible.map { .failed($0) } ?? .waiting))
            })
        goldenOrder = plan.goldens.filter { $0.isMissing && $0.guests > 0 }.map(\.digest)
        let rank: (Guest) -> Int = { guest in
            if guest.action == .destroy { return 0 }
            if case .addresses = guest.need.gpus { return 1 }
            return 2
        }
        waiting = guests.indices.filter { guests[$0].state == .waiting }
            .sorted { (rank(guests[$0]), $0) < (rank(guests[$1]), $1) }
    }

    // MARK: - What happens

    /// What can begin at `now`; each counts as begun.
    public mutating func next(at now: Double) -> [Task] {
        guard !isStopping else { return [] }
        var tasks: [Task] = []
        for digest in goldenOrder where working < jobs {
            guard let golden = goldens[digest], isDue(golden.state, now),
                let holding = ledger.take(golden.need, for: Self.holder(digest))
            else { continue }
            goldens[digest]?.state = .working
            working += 1
            tasks.append(.build(digest: digest, gpus: holding.gpus))
        }
        // Those whose rest is over come first: they have waited longest.
        let rested = resting.filter { isDue(guests[$0].state, now) }.sorted()
        if !rested.isEmpty {
            resting.subtract(rested)
            waiting.insert(contentsOf: rested, at: 0)
        }
        // A need that was not met is not met for the next guest with the same need: looked at once.
        var unmet: Set<GuestNeed> = []
        var looked = 0
        var kept: [Int] = []
        while looked < waiting.count, working < jobs {
            let place = waiting[looked]
            looked += 1
            if let task = begin(place, &unmet) {
                tasks.append(task)
            } else if isOpen(guests[place].state) {
                kept.append(place)
            }
        }
        if kept.count < looked { waiting.replaceSubrange(..<looked, with: kept) }
        return tasks.isEmpty && working == 0 ? roomForBuilds(now) : tasks
    }

    /// Where nothing else can be done and images wait for what their own guests hold (the only GPU, say): the guests to be
    /// stopped for the first of them.
    private mutating func roomForBuilds(_ now: Double) -> [Task] {
        for digest in goldenOrder {
            guard let golden = goldens[digest], isDue(golden.state, now) else { continue }
            var trial = ledger
            var stopped: [Int] = []
            for place in waiting
            where guests[place].golden == digest && guests[place].action == .reimage && stopped.count < jobs {
                guard trial.holdings[guests[place].name] != nil else { continue }
                trial.release(guests[place].name)
                stopped.append(place)
                if trial.take(golden.need, for: Self.holder(digest)) != nil { break }
            }
            guard !stopped.isEmpty else { continue }
            waiting.removeAll { stopped.contains($0) }
            for place in stopped {
                guests[place].state = .working
                guests[place].isMakingRoom = true
                working += 1
            }
            return stopped.map { .makeRoom(guest: guests[$0].name) }
        }
        return []
    }

    /// A build's name in the ledger; no guest's can have a slash.
    private static func holder(_ digest: String) -> String { "golden/\(digest)" }

    /// Begins with a guest; nil where it cannot be begun now, or never.
    private mutating func begin(_ place: Int, _ unmet: inout Set<GuestNeed>) -> Task? {
        if guests[place].action != .destroy {
            guard let golden = guests[place].golden else { return nil }
            switch goldens[golden]?.state {
            case .done: break
            case .failed(let failure):
                guests[place].state = .failed(Self.withoutImage(guests[place].name, golden, failure))
                return nil
            default: return nil
            }
        }
        guard let gpus = reserve(place, &unmet) else { return nil }
        guests[place].state = .working
        working += 1
        return .act(guest: guests[place].name, guests[place].action, gpus: gpus)
    }

    /// A task for a guest ended.
    public mutating func ended(guest name: String, _ outcome: Outcome, at now: Double) {
        guard let place = places[name], guests[place].state == .working else { return }
        working -= 1
        let madeRoom = guests[place].isMakingRoom
        guests[place].isMakingRoom = false
        switch outcome {
        case .done where madeRoom:
            ledger.release(name)
            guests[place].state = .waiting
            waiting.append(place)
        case .done:
            guests[place].state = .done
            if guests[place].action == .destroy { ledger.release(name) }
        case .failed(let failure):
            guests[place].failures += 1
            // A guest that goes, or is stopped, keeps its cards until it is gone.
            if guests[place].action != .destroy, !madeRoom { ledger.release(name) }
            guests[place].state = Self.afterwards(failure, guests[place].failures, now)
            if isOpen(guests[place].state) { resting.insert(place) }
        }
    }

    /// A build ended.
    public mutating func ended(golden digest: String, _ outcome: Outcome, at now: Double) {
        guard var golden = goldens[digest], golden.state == .working else { return }
        working -= 1
        ledger.release(Self.holder(digest))
        switch outcome {
        case .done: golden.state = .done
        case .failed(let failure):
            golden.failures += 1
            golden.state = Self.afterwards(failure, golden.failures, now)
        }
        goldens[digest] = golden
        if !isOpen(golden.state) { goldenOrder.removeAll { $0 == digest } }
    }

    /// Begins nothing more; what works comes to its end.
    public mutating func stop() { isStopping = true }

    // MARK: - What is

    /// When after `now` ``next(at:)`` is to be asked again although nothing ended; nil where only an end can change something.
    public func wakeAt(after now: Double) -> Double? {
        guard !isStopping else { return nil }
        let states = resting.map { guests[$0].state } + goldenOrder.compactMap { goldens[$0]?.state }
        return states.compactMap { state in
            if case .resting(let until, _) = state, until > now { until } else { nil }
        }.min()
    }

    /// Whether nothing works and nothing will.
    public func isOver(at now: Double) -> Bool {
        guard working == 0 else { return false }
        guard !isStopping else { return true }
        var later = self
        return wakeAt(after: now) == nil && later.next(at: now).isEmpty
    }

    /// How a guest is.
    public func state(of guest: String) -> State? { places[guest].map { guests[$0].state } }

    /// How a golden image of the plan is.
    public func state(ofGolden digest: String) -> State? { goldens[digest]?.state }

    /// The cards that each guest has.
    public var gpus: [String: [PCIAddress]] { ledger.holdings.mapValues(\.gpus) }

    /// The cards that a guest has.
    public func gpus(of guest: String) -> [PCIAddress] { ledger.holdings[guest]?.gpus ?? [] }

    // MARK: - Steps

    private mutating func reserve(_ place: Int, _ unmet: inout Set<GuestNeed>) -> [PCIAddress]? {
        let guest = guests[place]
        switch guest.action {
        case .destroy, .none: return ledger.holdings[guest.name]?.gpus ?? []
        case .restart, .reimage, .start, .create:
            // It is another machine from now on: what it held may not be what it needs.
            if guest.action == .restart || guest.action == .reimage {
                let held = ledger.holdings[guest.name]
                ledger.release(guest.name)
                if let holding = ledger.take(guest.need, for: guest.name) { return holding.gpus }
                if let held { ledger.adopt(guest.name, held) }
                return nil
            }
            if let holding = ledger.holdings[guest.name] { return holding.gpus }
            guard !unmet.contains(guest.need) else { return nil }
            guard let holding = ledger.take(guest.need, for: guest.name) else {
                unmet.insert(guest.need)
                return nil
            }
            return holding.gpus
        }
    }

    private func isDue(_ state: State?, _ now: Double) -> Bool {
        switch state {
        case .waiting: true
        case .resting(let until, _): until <= now
        default: false
        }
    }

    private func isOpen(_ state: State) -> Bool {
        switch state {
        case .waiting, .resting: true
        case .working, .done, .failed: false
        }
    }

    /// Tried again only where that may help, after 5, 10, 20 … seconds.
    private static func afterwards(_ failure: Failure, _ failures: Int, _ now: Double) -> State {
        guard failure.retryable, failures < attempts else { return .failed(failure) }
        return .resting(until: now + min(longestRest, 5 * Double(1 << (failures - 1))), failure)
    }

    private static func impossible(_ guest: String, _ why: String) -> Failure {
        Failure(
            .capacity, operation: "find room for \(guest)", message: "\(guest) can never run on this host: \(why).",
            remedy: "Ask for less in the manifest, or use another host.", side: .host)
    }

    private static func withoutImage(_ guest: String, _ golden: String, _ failure: Failure) -> Failure {
        Failure(
            failure.code, operation: "make \(guest)",
            message: "Its golden image \(golden.prefix(12)) could not be built: \(failure.message)",
            evidence: failure.evidence, remedy: failure.remedy, side: failure.side)
    }
}
