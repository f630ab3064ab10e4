import Contract
import Passthrough
import Testing

@testable import Fleet

struct FleetSchedulerTests {
    private static func address(_ number: Int) -> PCIAddress {
        let text = "0000:\(String(number + 16, radix: 16)):00.0"
        guard let address = PCIAddress(text) else { fatalError("\(text) is no address") }
        return address
    }

    private static func host(
        gpus: Int, jobs: Int = 4, memory: Int64 = 1 << 50, cpus: Int = 1 << 20, groupOf: (Int) -> Int? = { _ in nil }
    ) -> HostCapacity {
        HostCapacity(
            gpus: (0..<gpus).map {
                HostCapacity.GPU(
                    address: address($0), names: [$0 % 2 == 0 ? "NVIDIA A100-SXM4" : "NVIDIA L4"], group: groupOf($0))
            }, memoryBytes: memory, cpus: cpus, jobs: jobs)
    }

    private static func plan(
        _ guests: [(String, FleetPlan.Action)], golden: String = "g", missing: Bool = false
    ) -> FleetPlan {
        var plan = FleetPlan(FleetManifest(name: "lab", guests: []), FleetReality()) { _ in "" }
        plan.goldens = [FleetPlan.Golden(digest: golden, isMissing: missing, guests: guests.count)]
        plan.guests = guests.map {
            FleetPlan.Guest(name: $0.0, action: $0.1, reasons: [], golden: $0.1 == .destroy ? nil : golden)
        }
        return plan
    }

    private static func need(_ gpus: GPUWish, memory: Int64 = 1 << 30, cpus: Int = 1) -> GuestNeed {
        GuestNeed(gpus: gpus, memoryBytes: memory, cpus: cpus)
    }

    private static let failure = Failure(
        .guestDidNotBoot, operation: "boot", message: "It did not boot.", remedy: "Look.", retryable: true, side: .guest
    )

    @Test func theImageIsBuiltOnceAndFirst() {
        var scheduler = FleetScheduler(
            Self.plan([("a", .create), ("b", .create)], missing: true), on: Self.host(gpus: 2),
            needs: ["a": Self.need(.count(1, pattern: nil)), "b": Self.need(.count(1, pattern: nil))])
        #expect(scheduler.next(at: 0) == [.build(digest: "g", gpus: [])])
        #expect(scheduler.next(at: 0).isEmpty && !scheduler.isOver(at: 0))
        scheduler.ended(golden: "g", .done, at: 5)
        #expect(
            scheduler.next(at: 5) == [
                .act(guest: "a", .create, gpus: [Self.address(0)]), .act(guest: "b", .create, gpus: [Self.address(1)]),
            ])
        scheduler.ended(guest: "a", .done, at: 6)
        scheduler.ended(guest: "b", .done, at: 6)
        #expect(scheduler.isOver(at: 6) && scheduler.state(of: "a") == .done)
    }

    @Test func whatGoesMakesRoomForWhatComes() {
        let card = Self.address(0)
        var scheduler = FleetScheduler(
            Self.plan([("new", .create), ("old", .destroy)]), on: Self.host(gpus: 1),
            needs: ["new": Self.need(.count(1, pattern: nil))], holding: ["old": [card]])
        #expect(scheduler.next(at: 0) == [.act(guest: "old", .destroy, gpus: [card])])
        scheduler.ended(guest: "old", .done, at: 1)
        #expect(scheduler.next(at: 1) == [.act(guest: "new", .create, gpus: [card])])
    }

    @Test func whoNamesACardGetsItBeforeWhoTakesAny() {
        var scheduler = FleetScheduler(
            Self.plan([("any", .create), ("this", .create)]), on: Self.host(gpus: 1),
            needs: ["any": Self.need(.count(1, pattern: nil)), "this": Self.need(.addresses([Self.address(0)]))])
        #expect(scheduler.next(at: 0) == [.act(guest: "this", .create, gpus: [Self.address(0)])])
        scheduler.ended(guest: "this", .done, at: 1)
        // Nothing will free a card: it waits, and the run is over.
        #expect(scheduler.isOver(at: 1) && scheduler.state(of: "any") == .waiting)
    }

    @Test func whatCanNeverRunIsToldAtOnce() {
        let needs = [
            "gpus": Self.need(.count(2, pattern: "a100")), "card": Self.need(.addresses([Self.address(9)])),
            "memory": Self.need(.none, memory: 1 << 60), "cpus": Self.need(.none, cpus: 2 << 20),
        ]
        let scheduler = FleetScheduler(
            Self.plan(needs.keys.sorted().map { ($0, .create) }), on: Self.host(gpus: 2), needs: needs)
        for (guest, words) in [
            "gpus": "it takes 2 GPUs called a100, and the host has 1", "card": "no GPU at 0000:19:00.0",
            "memory": "MiB of memory", "cpus": "CPUs",
        ] {
            guard case .failed(let failure) = scheduler.state(of: guest) else {
                Issue.record("\(guest) has not failed")
                continue
            }
            #expect(failure.code == .capacity && failure.message.contains(words), "\(failure.message)")
        }
        #expect(scheduler.isOver(at: 0))
    }

    @Test func aFailureIsTriedAgainWithRestsAndThenLeft() {
        var scheduler = FleetScheduler(
            Self.plan([("a", .create)]), on: Self.host(gpus: 1), needs: ["a": Self.need(.count(1, pattern: nil))])
        var now = 0.0
        for rest in [5.0, 10.0] {
            #expect(scheduler.next(at: now).count == 1)
            scheduler.ended(guest: "a", .failed(Self.failure), at: now)
            #expect(scheduler.gpus.isEmpty, "a card is kept by who failed")
            #expect(
                scheduler.next(at: now).isEmpty && scheduler.wakeAt(after: now) == now + rest
                    && !scheduler.isOver(at: now))
            now += rest
        }
        #expect(scheduler.next(at: now).count == 1)
        scheduler.ended(guest: "a", .failed(Self.failure), at: now)
        #expect(scheduler.state(of: "a") == .failed(Self.failure) && scheduler.isOver(at: now))
    }

    @Test func whatCannotHelpIsNotTriedAgain() {
        var failure = Self.failure
        failure.retryable = false
        var scheduler = FleetScheduler(
            Self.plan([("a", .create), ("b", .create)], missing: true), on: Self.host(gpus: 0),
            needs: ["a": Self.need(.none), "b": Self.need(.none)])
        _ = scheduler.next(at: 0)
        scheduler.ended(golden: "g", .failed(failure), at: 1)
        #expect(scheduler.next(at: 1).isEmpty)
        guard case .failed(let told) = scheduler.state(of: "b") else {
            Issue.record("b waits")
            return
        }
        #expect(told.message == "Its golden image g could not be built: It did not boot.")
        #expect(scheduler.isOver(at: 1))
    }

    @Test func anImageOfTheOnlyCardIsBuiltOnceItsGuestIsStopped() {
        let card = Self.address(0)
        let need = Self.need(.count(1, pattern: nil))
        var scheduler = FleetScheduler(
            Self.plan([("a", .reimage)], missing: true), on: Self.host(gpus: 1), needs: ["a": need],
            builds: ["g": need], holding: ["a": [card]])
        #expect(scheduler.next(at: 0) == [.makeRoom(guest: "a")])
        #expect(scheduler.next(at: 0).isEmpty && !scheduler.isOver(at: 0))
        scheduler.ended(guest: "a", .done, at: 1)
        #expect(scheduler.next(at: 1) == [.build(digest: "g", gpus: [card])])
        scheduler.ended(golden: "g", .done, at: 2)
        #expect(scheduler.next(at: 2) == [.act(guest: "a", .reimage, gpus: [card])])
    }

    @Test func aGuestThatDoesNotStopKeepsItsCard() {
        let card = Self.address(0)
        let need = Self.need(.count(1, pattern: nil))
        var failure = Self.failure
        failure.retryable = false
        var scheduler = FleetScheduler(
            Self.plan([("a", .reimage)], missing: true), on: Self.host(gpus: 1), needs: ["a": need],
            builds: ["g": need], holding: ["a": [card]])
        _ = scheduler.next(at: 0)
        scheduler.ended(guest: "a", .failed(failure), at: 1)
        #expect(scheduler.gpus == ["a": [card]] && scheduler.next(at: 1).isEmpty && scheduler.isOver(at: 1))
    }

    @Test func whoIsNotPlannedKeepsWhatIsHis() {
        var scheduler = FleetScheduler(
            Self.plan([("a", .create)]), on: Self.host(gpus: 2), needs: ["a": Self.need(.count(1, pattern: nil))],
            holding: ["other": [Self.address(0)]])
        #expect(scheduler.next(at: 0) == [.act(guest: "a", .create, gpus: [Self.address(1)])])
    }

    @Test func cardsOfOthersAndTheBootDisplayAreNotGivenUnasked() {
        var capacity = Self.host(gpus: 3)
        capacity.gpus[0].holder = "python3 (815)"
        capacity.gpus[1].isBootDisplay = true
        let needs = [
            "any": Self.need(.count(1, pattern: nil)), "held": Self.need(.addresses([Self.address(0)])),
            "screen": Self.need(.addresses([Self.address(1)])), "two": Self.need(.count(2, pattern: nil)),
        ]
        var scheduler = FleetScheduler(
            Self.plan(needs.keys.sorted().map { ($0, .create) }), on: capacity, needs: needs)
        #expect(
            scheduler.next(at: 0) == [
                .act(guest: "screen", .create, gpus: [Self.address(1)]),
                .act(guest: "any", .create, gpus: [Self.address(2)]),
            ])
        for (guest, words) in ["held": "0000:10:00.0 is in use by python3 (815)", "two": "the host has 1 for guests"] {
            guard case .failed(let failure) = scheduler.state(of: guest) else {
                Issue.record("\(guest) has not failed")
                continue
            }
            #expect(failure.message.contains(words), "\(failure.message)")
        }
    }

    @Test func afterStopNothingBegins() {
        var scheduler = FleetScheduler(
            Self.plan([("a", .create), ("b", .create)]), on: Self.host(gpus: 0, jobs: 1),
            needs: ["a": Self.need(.none), "b": Self.need(.none)])
        #expect(scheduler.next(at: 0).count == 1)
        scheduler.stop()
        #expect(!scheduler.isOver(at: 0))
        scheduler.ended(guest: "a", .done, at: 1)
        #expect(scheduler.next(at: 1).isEmpty && scheduler.isOver(at: 1) && scheduler.state(of: "b") == .waiting)
    }

    @Test func aRestartMayTakeOtherCards() {
        var scheduler = FleetScheduler(
            Self.plan([("a", .restart)]), on: Self.host(gpus: 4),
            needs: ["a": Self.need(.count(2, pattern: "L4"))], holding: ["a": [Self.address(0)]])
        #expect(
            scheduler.next(at: 0) == [.act(guest: "a", .restart, gpus: [Self.address(1), Self.address(3)])])
        #expect(scheduler.gpus["a"] == [Self.address(1), Self.address(3)])
    }

    @Test func cardsOfOneGroupGoToOneGuest() {
        var scheduler = FleetScheduler(
            Self.plan([("a", .create), ("b", .create)]), on: Self.host(gpus: 4, groupOf: { $0 / 2 }),
            needs: ["a": Self.need(.count(1, pattern: nil)), "b": Self.need(.count(2, pattern: nil))])
        #expect(
            scheduler.next(at: 0) == [
                .act(guest: "a", .create, gpus: [Self.address(0)]),
                .act(guest: "b", .create, gpus: [Self.address(2), Self.address(3)]),
            ])
    }

    /// Random fleets on a small host, some tasks failing, killed at a random moment and planned anew from what was there.
    @Test(arguments: 0..<40) func aKilledRunConverges(_ seed: UInt64) {
        var random = SplitMix(seed &* 7919 &+ 1)
        let capacity = Self.host(gpus: 16, jobs: 3, memory: 40 << 30, cpus: 64, groupOf: { $0 / 2 })
        let names = (0..<24).map { "g\($0)" }
        var needs: [String: GuestNeed] = [:]
        for name in names {
            let wishes: [GPUWish] = [.none, .count(1, pattern: nil), .count(1, pattern: "L4"), .count(2, pattern: nil)]
            needs[name] = Self.need(wishes[Int(random.next() % 4)], memory: Int64(1 + random.next() % 3) << 30)
        }
        var there: [String: [PCIAddress]] = [:]
        var built: Set<String> = []
        for round in 0..<20 {
            let plan = Self.plan(names.map { ($0, there[$0] == nil ? .create : .none) }, missing: !built.contains("g"))
            var host = SimulatedHost(
                plan, on: capacity, needs: needs, there: there, built: built,
                builds: ["g": Self.need(.count(1, pattern: nil), memory: 2 << 30)], seed: seed + UInt64(round) * 101)
            host.failureShare = round < 19 ? 0.2 : 0
            host.run(ends: round < 19 ? Int(random.next() % 8) : .max)
            #expect(host.violations.isEmpty, "seed \(seed), round \(round): \(host.violations)")
            #expect(host.mostAtOnce <= 3)
            // A kill: what was begun and had not ended is not there for the next run, which begins it anew.
            there = host.there.filter { host.scheduler.state(of: $0.key) == .done }
            built = host.built
        }
        // Whoever is not there now found no room: nothing else is left.
        let waiting = names.filter { there[$0] == nil }
        var ledger = CapacityLedger(capacity)
        for (name, cards) in there {
            ledger.adopt(name, .init(gpus: cards, memoryBytes: needs[name]?.memoryBytes ?? 0, cpus: 1))
        }
        for name in waiting {
            var trial = ledger
            #expect(needs[name].flatMap { trial.take($0, for: name) } == nil, "seed \(seed): \(name) was forgotten")
        }
    }

    /// The whole of a big fleet, with failures: every guest is done or has failed for a reason, and no work was lost.
    @Test func tenThousandGuestsComeToAnEnd() {
        let names = (0..<10_000).map { "g\($0)" }
        let needs = Dictionary(uniqueKeysWithValues: names.map { ($0, Self.need(.none, memory: 1 << 20)) })
        var host = SimulatedHost(
            Self.plan(names.map { ($0, .create) }, missing: true), on: Self.host(gpus: 0, jobs: 64), needs: needs)
        host.failureShare = 0.01
        host.run()
        #expect(host.violations.isEmpty && host.mostAtOnce == 64)
        let states = names.compactMap { host.scheduler.state(of: $0) }
        let failed = states.count { if case .failed = $0 { true } else { false } }
        #expect(states.count { $0 == .done } + failed == 10_000)
        #expect(failed > 0 && failed < 200 && host.scheduler.isOver(at: host.now))
    }
}
