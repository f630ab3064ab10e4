public import Contract
import Provisioning
import Testing

@Suite struct StepMachineTests {
    static let machine = StepMachine([.init("a"), .init("v", .volatile), .init("p", .proof)])
    static let here = "boot-2"
    static let before = "boot-1"

    struct Case: Sendable {
        var name: String
        var events: [(boot: String, event: Event)]
        var next: StepMachine.Action
    }

    static let failure = Failure(.internal, operation: "o", message: "m", remedy: "r", side: .guest)

    static let cases: [Case] = [
        Case(name: "nothing yet", events: [], next: .check("a", reboots: 0, started: false)),
        Case(
            name: "started without applied is checked again", events: [(here, .stepStarted("a", reason: ""))],
            next: .check("a", reboots: 0, started: true)),
        Case(
            name: "applied in this boot is verified",
            events: [(here, .stepStarted("a", reason: "")), (here, .stepApplied("a"))], next: .verify("a")),
        Case(
            name: "applied in another boot is checked again",
            events: [(before, .stepStarted("a", reason: "")), (before, .stepApplied("a"))],
            next: .check("a", reboots: 0, started: true)),
        Case(
            name: "a durable step stays done", events: [(before, .stepVerified("a", evidence: []))],
            next: .check("v", reboots: 0, started: false)),
        Case(
            name: "a volatile one does not",
            events: [(before, .stepSatisfied("a", evidence: [])), (before, .stepSatisfied("v", evidence: []))],
            next: .check("v", reboots: 0, started: false)),
        Case(
            name: "a proof is only verified",
            events: [(here, .stepSatisfied("a", evidence: [])), (here, .stepSatisfied("v", evidence: []))],
            next: .verify("p")),
        Case(
            name: "a proof of another boot is made again",
            events: [
                (before, .stepSatisfied("a", evidence: [])), (here, .stepSatisfied("v", evidence: [])),
                (before, .stepVerified("p", evidence: [])),
            ], next: .verify("p")),
        Case(
            name: "same boot: the reboot did not happen", events: [(here, .rebootRequested("a", reason: "r"))],
            next: .reboot("a", reason: "r")),
        Case(
            name: "another boot: it did, look again",
            events: [(before, .stepStarted("a", reason: "")), (before, .rebootRequested("a", reason: "r"))],
            next: .check("a", reboots: 1, started: true)),
        Case(
            name: "a repeated request is one reboot",
            events: [
                (before, .stepStarted("a", reason: "")), (before, .rebootRequested("a", reason: "r")),
                (before, .rebootRequested("a", reason: "r")),
            ], next: .check("a", reboots: 1, started: true)),
        Case(
            name: "a failed step ends the run",
            events: [(here, .stepFailed("a", failure))], next: .finish(succeeded: false)),
        Case(
            name: "all done", events: ["a", "v", "p"].map { (here, .stepVerified(StepID($0), evidence: [])) },
            next: .finish(succeeded: true)),
        Case(
            name: "finished is finished", events: [(before, .finished(succeeded: false))], next: .stop(succeeded: false)
        ),
        Case(
            name: "unknown events are passed over", events: [(here, .unknown(kind: "x", .null))],
            next: .check("a", reboots: 0, started: false)),
    ]

    @Test(arguments: cases.indices) func next(_ index: Int) {
        let example = Self.cases[index]
        #expect(Self.next(example.events) == example.next, "\(example.name)")
    }

    /// Another kernel may run after a reboot: headers and module are looked at again.
    @Test(arguments: [StepID.prerequisites, .driver]) func looksAgainAtWhatIsOneKernels(_ id: StepID) throws {
        let plan = Plan(
            runID: "r", recipe: Recipe(gpus: [.simulated], driver: DriverRecipe(version: "1.2", sha256: "")),
            payloads: [])
        let step = try #require(plan.steps.first { $0.id == id })
        let events: [Event] = [.stepStarted(id, reason: ""), .stepApplied(id), .stepVerified(id, evidence: [])]
        let records = events.enumerated().map {
            JournalRecord(seq: $0.offset + 1, time: 0, boot: Self.before, event: $0.element)
        }
        let machine = StepMachine([.init(step.id, step.flavour)])
        #expect(machine.next(records, boot: Self.here) == .check(id, reboots: 0, started: true))
        #expect(machine.next(records, boot: Self.before) == .finish(succeeded: true))
    }

    @Test func givesUpAReboot() {
        let requests = Array(
            repeating: (boot: Self.here, event: Event.rebootRequested("a", reason: "r")),
            count: StepMachine.requestLimit)
        guard case .fail("a", let failure) = Self.next(requests) else { return #expect(Bool(false)) }
        #expect(failure.code == .rebootFailed)
    }

    @Test func givesUpAStepThatRebootsForEver() {
        let reboots = (0...StepMachine.rebootLimit).flatMap { boot -> [(boot: String, event: Event)] in
            [("b\(boot)", .stepStarted("a", reason: "")), ("b\(boot)", .rebootRequested("a", reason: "r"))]
        }
        guard case .fail("a", let failure) = Self.next(reboots) else { return #expect(Bool(false)) }
        #expect(failure.code == .rebootFailed)
    }

    @Test func givesUpAStepThatTakesTheMachineDown() {
        let starts = (0..<StepMachine.startLimit).map { (boot: "b\($0)", event: Event.stepStarted("a", reason: "")) }
        guard case .fail = Self.next(starts) else { return #expect(Bool(false)) }
    }

    private static func next(_ events: [(boot: String, event: Event)]) -> StepMachine.Action {
        machine.next(
            events.enumerated().map {
                JournalRecord(seq: $0.offset + 1, time: 0, boot: $0.element.boot, event: $0.element.event)
            }, boot: here)
    }
}

extension StepID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) {
        self.init(rawValue: value)
    }
}
