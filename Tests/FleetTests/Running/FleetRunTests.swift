import Contract
import Passthrough
import Provisioner
import Synchronization
import Testing

@testable import Fleet

struct FleetRunTests {
    /// Time that passes only where somebody sleeps.
    private final class Clock: Sendable {
        private let time = Mutex(0.0)

        var now: Double { time.withLock { $0 } }
        func sleep(_ seconds: Double) { time.withLock { $0 += seconds } }
    }

    private static func address(_ number: Int) -> PCIAddress {
        let text = "0000:\(String(number + 16, radix: 16)):00.0"
        guard let address = PCIAddress(text) else { fatalError("\(text) is no address") }
        return address
    }

    private static func host(gpus: Int, jobs: Int = 3) -> HostCapacity {
        HostCapacity(
            gpus: (0..<gpus).map { .init(address: address($0), names: ["NVIDIA L4"]) }, memoryBytes: 1 << 45,
            cpus: 1 << 20, jobs: jobs)
    }

    private static func manifest(_ names: [String], image: String = "a", gpus: GPUWish = .count(1, pattern: nil))
        -> FleetManifest
    {
        var settings = GuestSettings()
        settings.image = image
        settings.gpus = gpus
        return FleetManifest(
            name: "lab",
            guests: names.map { DeclaredGuest(name: $0, settings: settings, mark: TextMark(line: 1, column: 1)) })
    }

    /// Plans and runs once, as `apply` does.
    @discardableResult
    private static func apply(
        _ manifest: FleetManifest, _ fleet: SimulatedFleet, on capacity: HostCapacity,
        narrow: (FleetPlan) -> FleetPlan = { $0 }
    ) async throws -> (plan: FleetPlan, outcome: FleetRun.Outcome) {
        let records = try fleet.guests(of: manifest.name)
        let world = fleet.world.withLock { $0 }
        let digest: (DeclaredGuest) -> String = { $0.settings.image ?? "" }
        let plan = narrow(
            FleetPlan(
                manifest,
                FleetReality(
                    records, goldens: world.goldens, isRunning: { world.guests[$0.name]?.isRunning == true }),
                golden: digest))
        let order = FleetOrder(
            plan, manifest, digest: digest, records: records,
            running: { world.guests[$0.name].flatMap { $0.isRunning ? $0.gpus : nil } }, hostCPUs: 8)
        let clock = Clock()
        let run = FleetRun(
            plan, blueprints: order.blueprints, builds: order.builds, keeper: fleet, host: fleet, tell: { _ in },
            now: { clock.now }, sleep: { clock.sleep($0) })
        return (plan, try await run.run(order.scheduler(on: capacity)))
    }

    @Test func aFleetIsMadeAndThenNothingIsToDo() async throws {
        let fleet = SimulatedFleet()
        let manifest = Self.manifest(["a", "b", "c"])
        let (_, outcome) = try await Self.apply(manifest, fleet, on: Self.host(gpus: 4))
        #expect(outcome.guests.allSatisfy { $0.state == .done } && outcome.failures.isEmpty)
        let again = try await Self.apply(manifest, fleet, on: Self.host(gpus: 4))
        #expect(again.plan.isEmpty)
        fleet.world.withLock { world in
            #expect(world.builds == 1 && world.boots == 3 && world.violations.isEmpty)
            #expect(Set(world.guests.values.flatMap(\.gpus)).count == 3)
        }
    }

    @Test func reimagingCostsOneBootEachAndNoBuild() async throws {
        let fleet = SimulatedFleet()
        let manifest = Self.manifest(["a", "b"])
        try await Self.apply(manifest, fleet, on: Self.host(gpus: 2))
        let (plan, _) = try await Self.apply(manifest, fleet, on: Self.host(gpus: 2)) { plan in
            plan.only { $0 == "b" }.reimaging()
        }
        #expect(plan.guests.map(\.name) == ["b"] && plan.guests[0].action == .reimage)
        fleet.world.withLock { #expect($0.builds == 1 && $0.boots == 3 && $0.violations.isEmpty) }
    }

    @Test func anotherImageOnFullCardsStopsTheGuestsForItsBuild() async throws {
        let fleet = SimulatedFleet()
        try await Self.apply(Self.manifest(["a", "b"]), fleet, on: Self.host(gpus: 2))
        let (plan, outcome) = try await Self.apply(
            Self.manifest(["a", "b"], image: "new"), fleet, on: Self.host(gpus: 2))
        #expect(plan.count(.reimage) == 2 && outcome.guests.allSatisfy { $0.state == .done })
        fleet.world.withLock { world in
            #expect(world.builds == 2 && world.violations.isEmpty)
            #expect(world.guests.values.allSatisfy { $0.golden == "new" && $0.isRunning })
        }
    }

    @Test func oneThatFailsStopsNobodyAndIsSaid() async throws {
        let fleet = SimulatedFleet()
        fleet.world.withLock { $0.failing = ["b": 99, "c": 1] }
        let (_, outcome) = try await Self.apply(Self.manifest(["a", "b", "c"]), fleet, on: Self.host(gpus: 3))
        #expect(outcome.guests.map(\.state) == [.done, .failed, .done])
        #expect(outcome.failures.map(\.code) == [.guestDidNotBoot])
        let record = try #require(try fleet.guests(of: "lab").first { $0.name == "b" })
        #expect(record.phase == .failed && record.failure?.message == "It did not boot.")
        fleet.world.withLock { $0.failing = [:] }
        let (plan, _) = try await Self.apply(Self.manifest(["a", "b", "c"]), fleet, on: Self.host(gpus: 3))
        #expect(plan.guests.map(\.action) == [.none, .reimage, .none])
        #expect(plan.guests[1].reasons == ["it failed: It did not boot."])
    }

    @Test func whoFindsNoRoomWaits() async throws {
        let fleet = SimulatedFleet()
        let (_, outcome) = try await Self.apply(Self.manifest(["a", "b"]), fleet, on: Self.host(gpus: 1))
        #expect(outcome.guests.map(\.state) == [.done, .waiting] && outcome.failures.isEmpty)
    }

    @Test func cancelledItPutsDownWhatItDoes() async throws {
        let fleet = SimulatedFleet()
        let task = Task {
            try await Self.apply(Self.manifest((0..<200).map { "g\($0)" }), fleet, on: Self.host(gpus: 200))
        }
        task.cancel()
        let (_, outcome) = try await task.value
        #expect(outcome.interrupted && outcome.guests.contains { $0.state == .waiting })
        let (_, next) = try await Self.apply(
            Self.manifest((0..<200).map { "g\($0)" }), fleet, on: Self.host(gpus: 200))
        #expect(next.guests.allSatisfy { $0.state == .done })
        fleet.world.withLock { #expect($0.violations.isEmpty) }
    }

    /// Killed twenty times, each time somewhere else; then once to the end. What the manifest says may change in between.
    @Test(arguments: 0..<40) func killedAnywhereItConverges(_ seed: UInt64) async throws {
        var random = SplitMix(seed &* 104_729 &+ 3)
        let fleet = SimulatedFleet()
        let capacity = Self.host(gpus: 6)
        var manifest = Self.manifest([])
        for round in 0..<21 {
            let isLast = round == 20
            if round % 4 == 0 {
                let names = (0..<8).filter { _ in random.next() % 4 > 0 }.map { "g\($0)" }
                manifest = Self.manifest(Array(names.prefix(6)), image: ["a", "b"][Int(random.next() % 2)])
            }
            fleet.world.withLock { $0.stepsToLive = isLast ? nil : Int(1 + random.next() % 24) }
            do {
                try await Self.apply(manifest, fleet, on: capacity)
                fleet.world.withLock { $0.stepsToLive = nil }
            } catch is SimulatedFleet.Killed {
                fleet.world.withLock { $0.stepsToLive = nil }
            }
            fleet.world.withLock { world in
                #expect(world.violations.isEmpty, "seed \(seed), round \(round): \(world.violations)")
                #expect(world.halfBuilt.isDisjoint(with: world.goldens) || round < 20)
            }
        }
        let plan = try await Self.apply(manifest, fleet, on: capacity).plan
        #expect(plan.isEmpty, "seed \(seed): \(plan.guests.filter { $0.action != .none })")
        fleet.world.withLock { world in
            #expect(Set(world.guests.keys) == Set(manifest.guests.map(\.name)))
            #expect(world.guests.values.allSatisfy { $0.isRunning && $0.gpus.count == 1 })
            #expect(Set(world.guests.values.flatMap(\.gpus)).count == world.guests.count)
        }
    }
}
