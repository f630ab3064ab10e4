public import Contract
import Guest

/// What to do next, as a pure function of the plan's steps, the journal and the boot: a crash at any point is survived
/// because nothing else is remembered.
public struct StepMachine: Equatable, Sendable {
    /// A step as far as the order of things goes.
    public struct Descriptor: Equatable, Sendable {
        public var id: StepID
        public var flavour: StepFlavour

        /// A step.
        public init(_ id: StepID, _ flavour: StepFlavour = .durable) {
            self.id = id
            self.flavour = flavour
        }
    }

    /// The next thing to do.
    public enum Action: Equatable, Sendable {
        /// Look whether the step is done; if not, apply it. `reboots`: how often it has rebooted the machine so far.
        /// `started`: it was begun before, so that satisfaction is to be proven and not just noted.
        case check(StepID, reboots: Int, started: Bool)
        /// The step was applied in this boot: prove it. Proof steps come here at once.
        case verify(StepID)
        /// A reboot was asked for and did not happen: ask again.
        case reboot(StepID, reason: String)
        /// Give the step up.
        case fail(StepID, Failure)
        /// Write the last record.
        case finish(succeeded: Bool)
        /// The journal is finished.
        case stop(succeeded: Bool)
    }

    /// The plan's steps, in order.
    public var steps: [Descriptor]

    /// A machine for these steps.
    public init(_ steps: [Descriptor]) {
        self.steps = steps
    }

    /// Reboots that one step may cause.
    public static let rebootLimit = 2
    /// Requests for one reboot, before it is given up: the first and two more.
    public static let requestLimit = 3
    /// Times that a step may be begun without coming to an end: a step that takes the machine down each time would
    /// otherwise do so for ever.
    public static let startLimit = 4

    /// The next action, given all records (progress and output may be left out) and the boot that is running now.
    public func next(_ records: some Sequence<JournalRecord>, boot: String) -> Action {
        var histories: [StepID: History] = [:]
        var failed = false
        for record in records {
            switch record.event {
            case .finished(let succeeded): return .stop(succeeded: succeeded)
            case .stepFailed: failed = true
            default: break
            }
            if let step = record.event.step { histories[step, default: History()].add(record) }
        }
        if failed { return .finish(succeeded: false) }
        for step in steps {
            if let action = action(for: step, histories[step.id] ?? History(), boot) { return action }
        }
        return .finish(succeeded: true)
    }

    /// What remains to be done for one step; nil where it is done.
    private func action(for step: Descriptor, _ history: History, _ boot: String) -> Action? {
        if step.flavour == .proof { return history.doneIn == boot ? nil : .verify(step.id) }
        if let doneIn = history.doneIn, step.flavour == .durable || doneIn == boot { return nil }

        if let request = history.pendingReboot {
            if request.boot == boot {
                return request.count < Self.requestLimit
                    ? .reboot(step.id, reason: request.reason) : .fail(step.id, Self.noReboot(request))
            }
            if history.reboots > Self.rebootLimit {
                return .fail(step.id, Self.tooManyReboots(request, history.reboots))
            }
        }
        if history.appliedIn == boot { return .verify(step.id) }
        if history.fruitlessStarts >= Self.startLimit { return .fail(step.id, Self.neverEnds(history.fruitlessStarts)) }
        // Not begun, begun and interrupted, or applied before the machine went down: the check tells which.
        return .check(step.id, reboots: history.reboots, started: history.started)
    }

    /// What the journal says of one step.
    private struct History {
        var started = false
        var fruitlessStarts = 0
        var appliedIn: String?
        var doneIn: String?
        var reboots = 0
        var pendingReboot: (boot: String, count: Int, reason: String)?

        mutating func add(_ record: JournalRecord) {
            switch record.event {
            case .stepStarted:
                started = true
                fruitlessStarts += 1
                appliedIn = nil
                doneIn = nil
                pendingReboot = nil
            case .stepApplied:
                appliedIn = record.boot
                fruitlessStarts = 0
                pendingReboot = nil
            case .rebootRequested(_, let reason):
                fruitlessStarts = 0
                let again = pendingReboot?.boot == record.boot
                if !again { reboots += 1 }
                pendingReboot = (record.boot, again ? (pendingReboot?.count ?? 0) + 1 : 1, reason)
            case .stepSatisfied, .stepVerified:
                doneIn = record.boot
                fruitlessStarts = 0
                pendingReboot = nil
            default: break
            }
        }
    }

    private static func noReboot(_ request: (boot: String, count: Int, reason: String)) -> Failure {
        .guest(
            .rebootFailed, "reboot the guest", "The guest was told to reboot \(request.count) times and did not.",
            evidence: ["boot id still \(request.boot)", "reason: \(request.reason)"],
            remedy: "Look at the guest's console: a unit may be holding the shutdown.", retryable: true)
    }

    private static func tooManyReboots(_ request: (boot: String, count: Int, reason: String), _ count: Int) -> Failure {
        .guest(
            .rebootFailed, "reboot the guest", "\(count) reboots did not help.",
            evidence: ["reason: \(request.reason)"],
            remedy: "Look at the reason: what the reboot should have changed came back.")
    }

    private static func neverEnds(_ count: Int) -> Failure {
        .guest(
            .rebootFailed, "continue the step", "The step was begun \(count) times and interrupted each time.",
            remedy: "Look at the guest's console for a panic or a power cut while the step runs.")
    }
}

extension Event {
    /// The step that it is about, nil for events of the whole run.
    public var step: StepID? {
        switch self {
        case .stepSatisfied(let step, _), .stepStarted(let step, _), .progress(let step, _), .output(let step, _),
            .stepApplied(let step), .stepVerified(let step, _), .rebootRequested(let step, _),
            .hostNeeded(let step, _, _), .stepFailed(let step, _):
            step
        case .warning(let step, _): step
        case .planAccepted, .agentStarted, .inspected, .finished, .unknown: nil
        }
    }
}
