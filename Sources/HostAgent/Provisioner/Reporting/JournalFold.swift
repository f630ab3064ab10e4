import Contract

/// The guest's journal folded into what a report says of it.
struct JournalFold {
    private(set) var facts: GuestFacts?
    private(set) var steps: [StepSection] = []
    private(set) var warnings: [String] = []
    /// The last output of each name.
    private(set) var outputs: [String: ToolOutput] = [:]
    /// The same by step: with several toolkits, each has a proof of its own.
    private(set) var outputsByStep: [StepID: [String: ToolOutput]] = [:]
    private(set) var failure: Failure?
    /// Whether any step changed the machine.
    private(set) var changed = false
    private var began: [StepID: Double] = [:]
    /// Steps follow each other, so a step began when the record before its first one was written.
    private var latest: Double?

    init(_ journal: [JournalRecord]) {
        for record in journal { take(record) }
    }

    /// Driver bound to each GPU, in bus order, as the last inspection said.
    var bound: [String] { facts?.gpus.map { $0.driver ?? "none" } ?? [] }

    func reached(_ id: StepID) -> Bool { steps.contains { $0.id == id } }

    /// Whether a step is done, by this run or before; nil where it was not reached.
    func isDone(_ id: StepID) -> Bool? {
        steps.first { $0.id == id }.map { $0.outcome == .applied || $0.outcome == .satisfied }
    }

    private mutating func take(_ record: JournalRecord) {
        defer { latest = record.time }
        switch record.event {
        case .inspected(let facts): self.facts = facts
        case .stepSatisfied(let id, let evidence):
            // Looked at again after a reboot, what this run applied is still this run's work.
            update(id, record.time) {
                if $0.outcome != .applied { $0.outcome = .satisfied }
                $0.evidence = evidence
            }
        case .stepStarted(let id, let reason):
            changed = true
            update(id, record.time) {
                $0.outcome = .notReached; $0.reason = $0.reason ?? reason
            }
        case .progress(let id, _): update(id, record.time) { _ in }
        case .output(let id, let output):
            outputs[output.name] = output
            outputsByStep[id, default: [:]][output.name] = output
            update(id, record.time) { _ in }
        case .stepApplied(let id): update(id, record.time) { _ in }
        case .stepVerified(let id, let evidence):
            update(id, record.time) {
                $0.outcome = .applied; $0.evidence = evidence
            }
        case .rebootRequested(let id, _): update(id, record.time) { $0.reboots += 1 }
        case .hostNeeded(let id, _, _): update(id, record.time) { _ in }
        case .warning(_, let message): warnings.append(Printable.line(message))
        case .stepFailed(let id, let failure):
            self.failure = failure
            update(id, record.time) {
                $0.outcome = .failed; $0.evidence = failure.evidence
            }
        case .planAccepted, .agentStarted, .finished, .unknown: break
        }
    }

    private mutating func update(_ id: StepID, _ time: Double, _ change: (inout StepSection) -> Void) {
        let start = began[id] ?? latest ?? time
        began[id] = start
        let index =
            steps.firstIndex { $0.id == id }
            ?? {
                steps.append(StepSection(id: id, outcome: .notReached))
                return steps.count - 1
            }()
        change(&steps[index])
        // The guest's clock may be set back; a duration is never negative.
        // And what it says is not trusted.
        steps[index].durationSeconds = min(max(steps[index].durationSeconds, time - start), 1e9)
    }
}
