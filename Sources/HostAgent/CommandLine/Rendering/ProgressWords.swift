import Contract
import Provisioner

/// What a run tells, in words. Nil for what is worth none.
struct ProgressWords {
    var text: String
    /// Worth a line of its own; otherwise it is only what is being done now.
    var stays: Bool

    init?(_ progress: Progress) {
        switch progress {
        case .phase(let phase): self.init(phase)
        case .note(let note): self.init(note)
        case .warning(let warning): self.init("warning: \(warning)")
        case .transfer(let name, let done, let total):
            let percent = total > 0 ? done * 100 / total : 100
            self.init("\(name): \(done >> 20) of \(total >> 20) MiB (\(percent) %)", stays: false)
        case .guest(let record): self.init(record.event)
        }
    }

    init?(_ event: Event) {
        switch event {
        case .stepSatisfied(let id, let evidence): self.init("\(id): done already\(Self.because(evidence.first))")
        case .stepStarted(let id, let reason): self.init("\(id): \(reason)")
        case .progress(let id, let message): self.init("\(id): \(message)", stays: false)
        case .stepVerified(let id, let evidence): self.init("\(id): ok\(Self.because(evidence.first))")
        case .rebootRequested(let id, let reason): self.init("\(id): the guest reboots: \(reason)")
        case .hostNeeded(let id, _, let reason): self.init("\(id): needs the host: \(reason)")
        case .warning(_, let message): self.init("warning: \(message)")
        case .stepFailed(let id, let failure): self.init("\(id): FAILED: \(failure.message)")
        case .inspected(let facts): self.init("guest: \(facts.osName), kernel \(facts.kernel), \(facts.cpus) CPUs")
        case .planAccepted, .agentStarted, .output, .stepApplied, .finished, .unknown: return nil
        }
    }

    private init(_ text: String, stays: Bool = true) {
        self.text = Printable.line(text)
        self.stays = stays
    }

    private static func because(_ evidence: String?) -> String { evidence.map { " (\($0))" } ?? "" }
}
