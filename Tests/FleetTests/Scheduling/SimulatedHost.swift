import Contract
import Passthrough

@testable import Fleet

/// A host that does what a scheduler says, in no time of anybody's: seeded, so that a run can be repeated. It watches what must never
/// happen.
struct SimulatedHost {
    var random: SplitMix
    var scheduler: FleetScheduler
    let capacity: HostCapacity
    let needs: [String: GuestNeed]
    let builds: [String: GuestNeed]
    /// The share of tasks that fail; half of these for good.
    var failureShare = 0.0
    private(set) var now = 0.0
    private(set) var mostAtOnce = 0
    private(set) var log: [FleetScheduler.Task] = []
    private(set) var violations: [String] = []
    private var memory: Int64 = 0
    private var owners: [PCIAddress: String] = [:]
    private var ends: [(at: Double, task: FleetScheduler.Task)] = []
    /// Guests that are there, with their cards.
    private(set) var there: [String: [PCIAddress]]
    private(set) var built: Set<String>

    init(
        _ plan: FleetPlan, on capacity: HostCapacity, needs: [String: GuestNeed], there: [String: [PCIAddress]] = [:],
        built: Set<String> = [], builds: [String: GuestNeed] = [:], seed: UInt64 = 1
    ) {
        self.capacity = capacity
        self.needs = needs
        self.there = there
        self.built = built
        random = SplitMix(seed)
        self.builds = builds
        scheduler = FleetScheduler(plan, on: capacity, needs: needs, builds: builds, holding: there)
        for (guest, cards) in there {
            memory += needs[guest]?.memoryBytes ?? 0
            for card in cards { owners[card] = guest }
        }
    }

    /// Runs to the end, or for so many ends of tasks (a kill).
    mutating func run(ends limit: Int = .max) {
        var ended = 0
        while ended < limit {
            for task in scheduler.next(at: now) { begin(task) }
            mostAtOnce = max(mostAtOnce, ends.count)
            if ends.count > capacity.jobs { violations.append("\(ends.count) at once") }
            if let next = ends.indices.min(by: { ends[$0].at < ends[$1].at }) {
                if let wake = scheduler.wakeAt(after: now), wake < ends[next].at, ends.count < capacity.jobs {
                    now = wake
                    continue
                }
                let end = ends.remove(at: next)
                now = max(now, end.at)
                finish(end.task)
                ended += 1
            } else if let wake = scheduler.wakeAt(after: now) {
                now = wake
            } else {
                return
            }
        }
    }

    private mutating func begin(_ task: FleetScheduler.Task) {
        log.append(task)
        // It holds them from the moment it is begun: QEMU may have them.
        switch task {
        case .act(_, .destroy, _), .makeRoom: break
        case .act(let guest, _, let gpus): put(guest, gpus)
        case .build(let digest, let gpus): put("golden/\(digest)", gpus, need: builds[digest])
        }
        ends.append((now + 1 + Double(random.next() % 1000) / 100, task))
    }

    private mutating func put(_ guest: String, _ gpus: [PCIAddress]?, need: GuestNeed? = nil) {
        let bytes = (need ?? needs[guest])?.memoryBytes ?? 0
        for card in there[guest] ?? [] where owners[card] == guest { owners[card] = nil }
        if there[guest] != nil { memory -= bytes }
        there[guest] = gpus
        guard let gpus else { return }
        memory += bytes
        if memory > capacity.memoryBytes { violations.append("\(memory) bytes of memory") }
        let groups = Set(capacity.gpus.filter { gpus.contains($0.address) }.compactMap(\.group))
        for gpu in capacity.gpus where gpus.contains(gpu.address) || gpu.group.map(groups.contains) == true {
            if let other = owners[gpu.address], other != guest {
                violations.append("\(guest) got a card of \(other), or one of its group")
            }
        }
        for card in gpus { owners[card] = guest }
    }

    private mutating func finish(_ task: FleetScheduler.Task) {
        let fails = Double(random.next() % 10_000) < failureShare * 10_000
        let failure = Failure(
            .guestDidNotBoot, operation: "boot", message: "It did not boot.", remedy: "Look.",
            retryable: random.next() % 2 == 0, side: .guest)
        switch task {
        case .makeRoom(let guest):
            if !fails { put(guest, nil) }
            scheduler.ended(guest: guest, fails ? .failed(failure) : .done, at: now)
        case .build(let digest, _):
            put("golden/\(digest)", nil, need: builds[digest])
            if !fails { built.insert(digest) }
            scheduler.ended(golden: digest, fails ? .failed(failure) : .done, at: now)
        case .act(let guest, let action, _):
            if fails ? action != .destroy : action == .destroy { put(guest, nil) }
            scheduler.ended(guest: guest, fails ? .failed(failure) : .done, at: now)
        }
    }
}

/// SplitMix64: small, seeded.
struct SplitMix {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
