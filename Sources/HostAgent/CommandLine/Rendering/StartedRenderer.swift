import Contract
import Machines
import Provisioner
import SecureShell
import VirtualMachines

/// A VM that has just started: what it is called and how to get in.
struct StartedRenderer {
    /// For `--format json`.
    struct Facts: Encodable, Equatable {
        var name: String
        var image: String
        var isSnapshot: Bool
        var pid: Int32
        var sshPort: UInt16
        var forwards: [PortForward]
        /// Nil where nobody waited for the guest, or nobody could log in.
        var user: String?
        /// As `ssh-keygen -l` prints it; nil where nobody waited for the guest.
        var hostKeyFingerprint: String?
    }

    let facts: Facts
    /// `--state`, where it was given: the commands that are shown need it, too.
    private let state: String?
    private let refusal: Failure?

    init(_ started: Starting.Started, state: String?) {
        self.init(
            facts: Facts(
                name: started.stored.name, image: started.stored.image, isSnapshot: started.stored.isSnapshot,
                pid: started.machine.record.pid, sshPort: started.stored.sshPort,
                forwards: started.stored.forwards ?? [], user: started.contact?.user,
                hostKeyFingerprint: started.contact?.hostKey.fingerprint),
            refusal: started.contact?.refusal, state: state)
    }

    init(facts: Facts, refusal: Failure?, state: String?) {
        self.facts = facts
        self.refusal = refusal
        self.state = state
    }

    var text: String {
        let state = state.map { " --state \($0)" } ?? ""
        var lines = [
            "\(facts.name) runs: process \(facts.pid), SSH on port \(facts.sshPort) of 127.0.0.1.",
            "  image    \(facts.image)\(facts.isSnapshot ? " (not written: --snapshot)" : "")",
        ]
        lines += facts.forwards.map { "  port     \($0.host ?? 0) of 127.0.0.1 leads to the guest's \($0.guest)" }
        if let fingerprint = facts.hostKeyFingerprint { lines.append("  host key \(fingerprint)") }
        lines += [
            "  log in   provision-gpu-vm ssh \(facts.name)\(state)",
            "  console  provision-gpu-vm logs \(facts.name) --follow\(state)",
            "  stop     provision-gpu-vm stop \(facts.name)\(state)",
        ]
        return SafeText.lines(lines)
    }

    /// For stderr: the guest is up, and yet nobody gets in.
    var warning: String? {
        guard let refusal else { return nil }
        let lines =
            ["warning: The guest answers over SSH, but lets nobody in: \(refusal.message)"]
            + refusal.evidence.suffix(12)
            .map { "  | \($0)" } + ["  what to do: \(refusal.remedy)"]
        return SafeText.lines(lines.flatMap { Wrapped.lines($0, indent: "  ", width: 100) })
    }
}
