import Contract
import Testing

@testable import Provisioner

@Suite struct PerseveranceTests {
    private static func failure(_ code: FailureCode) -> Failure {
        Failure(code, operation: "o", message: "m", remedy: "r", side: .guest)
    }
    private let died = failure(.agentSilent)
    private let cut = failure(.sshBroken)

    /// An agent that was killed is started again, and one that dies for good is given up.
    @Test func aDeadAgentIsStartedAgain() {
        let journal = Samples.journal([.stepStarted(.driver, reason: "x")])
        var perseverance = Perseverance(journal)
        for _ in 1...Perseverance.deathLimit {
            #expect(perseverance.next(after: died, journal: journal) == .handOverAgain)
        }
        #expect(perseverance.next(after: died, journal: journal) == .giveUp(died))
    }

    /// A step that gets its agent killed (no memory left) writes records each time; only a step's end is progress.
    @Test func recordsOfTheSameStepAreNoProgressOfTheAgent() {
        var events: [Event] = [.stepStarted(.driver, reason: "x")]
        var perseverance = Perseverance(Samples.journal(events))
        for _ in 1...Perseverance.deathLimit {
            events += [.agentStarted(version: "1"), .progress(.driver, message: "building")]
            #expect(perseverance.next(after: died, journal: Samples.journal(events)) == .handOverAgain)
        }
        events.append(.progress(.driver, message: "building"))
        #expect(perseverance.next(after: died, journal: Samples.journal(events)) == .giveUp(died))
    }

    @Test func aStepThatCameToItsEndStartsTheCountAnew() {
        var events: [Event] = []
        var perseverance = Perseverance([])
        for step in [StepID.inspect, .driver, .environment, .proveCUDA, .gpuProbe] {
            events.append(.stepVerified(step, evidence: []))
            #expect(perseverance.next(after: died, journal: Samples.journal(events)) == .handOverAgain)
        }
    }

    @Test func cutConnectionsAreTakenUpAgain() {
        var events: [Event] = []
        var perseverance = Perseverance([])
        for _ in 1..<Perseverance.connectionLimit {
            #expect(perseverance.next(after: cut, journal: Samples.journal(events)) == .reconnect)
        }
        events.append(.progress(.driver, message: "building"))
        #expect(perseverance.next(after: cut, journal: Samples.journal(events)) == .reconnect, "records came")
        events.append(.agentStarted(version: "1"))
        for _ in 2..<Perseverance.connectionLimit {
            #expect(perseverance.next(after: cut, journal: Samples.journal(events)) == .reconnect)
        }
        #expect(perseverance.next(after: cut, journal: Samples.journal(events)) == .giveUp(cut))
    }
}
