import Contract
import Host
import HostFakes
import Testing

@testable import Passthrough

/// "No sequence of kills leaves a device without its driver once `release` or the next run has been."
@Suite struct ClaimCrashTests {
    /// What brings a card back after a crash.
    enum Rescue: String, CaseIterable, Sendable {
        case release, nextRun, bindAndRelease

        func run(_ bench: ClaimBench) async throws {
            switch self {
            case .release: _ = try await bench.claims.release(bench.card)
            case .nextRun:
                let (_, failures) = await bench.claims.restoreAbandoned()
                #expect(failures.isEmpty)
            case .bindAndRelease:
                let bound = try await bench.claims.bind(try bench.cards())
                #expect(bench.kernel.now.devices.filter { $0.key.hasPrefix("0000:41") }
                    .allSatisfy { $0.value.driver == "vfio-pci" })
                withExtendedLifetime(bound) {}
                Self.forget(bound)
                _ = try await bench.claims.release(bench.card)
            }
        }

        /// Lets go of the locks.
        static func forget(_ bound: consuming Claims.Bound) {}
    }

    static func bind(_ claims: Claims, _ bench: ClaimBench, _ keeper: Claim.Keeper = .user) async throws {
        _ = try await claims.bind(try bench.cards(), keeper: keeper)
    }

    @Test(arguments: Situation.all, Rescue.allCases)
    func killedWhileBinding(_ situation: Situation, _ rescue: Rescue) async throws {
        for before in [true, false] {
            var number = 1
            while true {
                let bench = try ClaimBench(situation.state)
                let keeper: Claim.Keeper = rescue == .nextRun ? .run(folder: "/runs/1") : .user
                guard
                    await bench.process(dyingAt: number, before: before, { try await Self.bind($0, bench, keeper) })
                else { break }
                try await rescue.run(bench)
                bench.expectOriginal("killed \(before ? "before" : "after") change \(number)")
                number += 1
            }
            // A card that needs something is killed somewhere.
            let needed = situation.state.devices.contains { $0.key.hasPrefix("0000:41") && $0.value.driver != "vfio-pci" }
            #expect((number > 1) == needed)
        }
    }

    @Test(arguments: Situation.all, [Rescue.release, .nextRun])
    func killedWhileReleasing(_ situation: Situation, _ rescue: Rescue) async throws {
        for before in [true, false] {
            for number in 1... {
                let bench = try ClaimBench(situation.state)
                try await Self.bind(bench.claims, bench)
                guard
                    await bench.process(
                        dyingAt: number, before: before, { _ = try await $0.release(bench.card) })
                else { break }
                try await rescue.run(bench)
                bench.expectOriginal("killed \(before ? "before" : "after") change \(number)")
            }
        }
    }

    @Test(arguments: Situation.all)
    func killedWhileBindingAndAgainWhileRestoring(_ situation: Situation) async throws {
        for first in 1... {
            var died = true
            for second in 1... {
                let bench = try ClaimBench(situation.state)
                died = await bench.process(dyingAt: first, before: false, { try await Self.bind($0, bench) })
                guard died else { break }
                guard
                    await bench.process(
                        dyingAt: second, before: false, { _ = try await $0.release(bench.card) })
                else { break }
                _ = await bench.claims.restoreAbandoned()
                _ = try await bench.claims.release(bench.card)
                bench.expectOriginal("killed after changes \(first) and \(second)")
            }
            if !died { break }
        }
    }

    @Test(arguments: Situation.all)
    func thereAndBack(_ situation: Situation) async throws {
        let bench = try ClaimBench(situation.state)
        let planned = await bench.claims.plan(binding: try bench.cards())
        try await Self.bind(bench.claims, bench)
        let there = bench.kernel.now
        #expect(planned.flatMap(\.steps) == there.log)
        for (address, device) in there.devices where address.hasPrefix("0000:41") {
            #expect(device.driver == "vfio-pci", "\(address)")
        }
        try await Self.bind(bench.claims, bench)
        #expect(bench.kernel.now.log == there.log, "bound already")
        _ = try await bench.claims.release(bench.card)
        bench.expectOriginal("released")
        let log = bench.kernel.now.log
        let change = try await bench.claims.release(bench.card)
        #expect(!change.isChange && bench.kernel.now.log == log, "released already")
    }
}
