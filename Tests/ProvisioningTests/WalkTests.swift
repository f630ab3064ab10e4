import Contract
import Guest
import GuestFakes
import Testing

@testable import Provisioning

/// The agent killed, or the power cut, after every journal record and in the middle of every step: what is resumed ends in
/// the same state as what was not disturbed.
@Suite struct WalkTests {
    /// How the run was ended.
    enum Ending: CaseIterable, Sendable {
        /// SIGKILL: the same boot goes on, with everything that was changed.
        case killed
        /// The power went, after the kernel had written everything.
        case powerCutLate
        /// The power went, and nothing that was not synced is there.
        case powerCutEarly
    }

    static func resumed(_ snapshot: Snapshots.Snapshot, _ ending: Ending, _ parameters: SimulatedGuest.Parameters)
        throws -> SimulatedGuest
    {
        let machine = try SimulatedGuest(ending == .powerCutEarly ? snapshot.onDisk : snapshot.tree, parameters)
        if ending != .killed { try machine.boot() }
        return machine
    }

    /// One of `stride` snapshots, beginning with the `offset`th: the endings share the work of the walk through a step's
    /// middle. Those behind a journal record are all taken.
    static func chosen(_ all: [Snapshots.Snapshot], _ ending: Ending, stride: Int) -> [(Int, Snapshots.Snapshot)] {
        let offset = Ending.allCases.firstIndex(of: ending) ?? 0
        return all.enumerated().filter { index, snapshot in
            snapshot.before == "journal" || index % stride == offset % stride
        }.map { ($0.offset, $0.element) }
    }

    @Test(arguments: Ending.allCases)
    func provisioningEndsTheSame(_ ending: Ending) async throws {
        let parameters = SimulatedGuest.Parameters(busyNouveau: true)
        let snapshots = Snapshots()
        let machine = try SimulatedGuest(parameters, snapshots: snapshots)
        #expect(try await SimulatedRun.finish(SimulatedRun.plan, on: machine, snapshots).succeeded == true)
        snapshots.stop()
        let undisturbed = machine.tree
        let ledger = try SimulatedRun.ledger(machine)
        #expect(snapshots.all.count > 100 && snapshots.all.filter { $0.before == "journal" }.count > 30)

        for (index, snapshot) in Self.chosen(snapshots.all, ending, stride: 12) {
            let machine = try Self.resumed(snapshot, ending, parameters)
            let journal = try await SimulatedRun.finish(SimulatedRun.plan, on: machine)
            let place = "\(ending) at \(index), before \(snapshot.before)"
            #expect(journal.succeeded == true, "\(place): \(Self.failure(journal) ?? "")")
            let differences = machine.tree.differences(from: undisturbed, ignoring: SimulatedRun.isPassing)
            #expect(differences == [], "\(place)")
            #expect(Set(try SimulatedRun.ledger(machine)).symmetricDifference(ledger) == [], "\(place)")
            if journal.succeeded != true || !differences.isEmpty { return }  // one such report is enough
        }
    }

    static func failure(_ journal: Journal) -> String? {
        journal.records.lazy.compactMap { record -> String? in
            if case .stepFailed(let step, let failure) = record.event { "\(step): \(failure)" } else { nil }
        }.first
    }

    @Test func runTwiceChangesNothing() async throws {
        let machine = try SimulatedGuest()
        try await SimulatedRun.finish(SimulatedRun.plan, on: machine)
        let once = machine.tree
        var again = SimulatedRun.plan
        again.runID = "again"
        _ = try PlanAdmission.admit(again, to: machine.guest)
        let journal = try await SimulatedRun.finish(again, on: machine)
        #expect(journal.succeeded == true)
        #expect(journal.records.map(\.event).filter { $0.kind == "stepStarted" } == [])
        #expect(machine.tree.differences(from: once, ignoring: SimulatedRun.isPassing) == [])
    }
}
