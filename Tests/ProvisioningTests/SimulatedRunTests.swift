import Contract
import Guest
import GuestFakes
import Testing

@testable import Provisioning

@Suite struct SimulatedRunTests {
    @Test(arguments: [false, true]) func provisions(_ busy: Bool) async throws {
        let machine = try SimulatedGuest(.init(busyNouveau: busy))
        let journal = try await SimulatedRun.finish(SimulatedRun.plan, on: machine)
        let failures = journal.records.compactMap { record -> Failure? in
            if case .stepFailed(_, let failure) = record.event { failure } else { nil }
        }
        #expect(failures == [])
        #expect(journal.succeeded == true)
        #expect(journal.records.contains { $0.event.kind == "rebootRequested" } == busy)
    }
}
