import Contract
import FoundationEssentials
import SecureShell

/// What the guest's agent says of a boot in which nothing is installed (`gpu-guest-agent prove`).
struct ProofVerdict: Decodable, Sendable {
    var passed: Bool
    var evidence: [String]
    var failure: Failure?

    /// Asks the agent, which is in place.
    static func ask(
        _ shell: GuestShell, _ plan: Plan, remedy: String = "Look at the console log in the run folder."
    ) async throws -> ProofVerdict {
        let output = try await shell.attempt(
            "\(AgentInstallation.path) prove --plan -", input: Array(try JSONEncoder().encode(plan)),
            deadline: .seconds(600))
        guard let verdict = try? JSONDecoder().decode(ProofVerdict.self, from: Data(output.stdoutText.utf8)) else {
            throw Failure(
                .proofBoot, operation: "prove the result", message: "The agent did not answer with a verdict.",
                evidence: Array(Printable.lines(output.stderrText + "\n" + output.stdoutText).suffix(20)),
                remedy: remedy, side: .guest)
        }
        return verdict
    }

    /// Adds whether an image for many machines has made itself another machine than it was. Pure.
    mutating func judge(_ now: GuestMarks, former: [GuestMarks]) {
        let same = now.sameness(as: former)
        guard same.isEmpty else {
            evidence += same
            guard passed else { return }
            passed = false
            failure = Failure(
                .proofBoot, operation: "prove the result",
                message: "The result does not make itself a new identity: machines that stand on it would be twins.",
                evidence: same,
                remedy:
                    "Look at `systemctl status gpu-guest-identity` in it, and at the console log in the run folder.",
                side: .guest)
            return
        }
        evidence += [
            "a machine of its own: new SSH host key \(now.hostKey.fingerprint)",
            "a machine of its own: new machine-id \(now.machineID ?? "")",
        ]
    }

    /// For the report.
    func section(since began: ContinuousClock.Instant) -> ProofBootSection {
        ProofBootSection(
            passed: passed, evidence: evidence.map { Printable.line($0) },
            durationSeconds: (ContinuousClock.now - began).inSeconds)
    }

    /// The failure of a proof that was not passed.
    func refusal(_ message: String, remedy: String) -> Failure {
        failure
            ?? Failure(
                .proofBoot, operation: "prove the result", message: message, evidence: evidence, remedy: remedy,
                side: .guest)
    }
}
