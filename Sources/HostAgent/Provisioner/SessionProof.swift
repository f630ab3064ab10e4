import Contract
import FoundationEssentials
import SecureShell
import VirtualMachines

/// The proof boot: the result, cold, on a throwaway overlay, must show that it stands on its own.
extension Session {
    private struct Verdict: Decodable {
        var passed: Bool
        var evidence: [String]
        var failure: Failure?
    }

    func prove() async throws {
        context.progress(.phase("Prove the result by a cold boot"))
        let began = ContinuousClock.now
        // Left over from a run that was killed here: its overlay is worthless without its boot's beginning.
        try await machine(in: folder.proofPath)?.quit()
        try? FileManager.default.removeItem(atPath: folder.proofPath)
        try FileManager.default.createDirectory(
            atPath: folder.proofPath, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let overlay = "\(folder.proofPath)/throwaway.qcow2"
        try await QemuImg.createOverlay(at: overlay, backing: disk.path, backingFormat: "qcow2", size: nil)
        let machine = try await launch(try machineSpecification(disk: overlay, folder: folder.proofPath, payloads: []))
        do {
            let reach = reach(machine)
            let shell = try await reach.shell(hostKey: record.hostKey, user: record.user)
            let bootID = try await shell.bootID()
            record.boots.append(
                BootSection(
                    reason: "proof boot", bootID: bootID, secondsToSSH: (ContinuousClock.now - began).inSeconds))
            let plan = Array(try JSONEncoder().encode(plan))
            // An undone image has no agent any more; it comes back onto the throwaway overlay only.
            let agent = job.contents.undo == nil ? nil : AgentInstallation(shell, of: record)
            let output = try await reach.watch.during("prove the result") {
                try await agent?.install()
                return try await shell.attempt(
                    "\(AgentInstallation.path) prove --plan -", input: plan, deadline: .seconds(600))
            }
            guard var verdict = try? JSONDecoder().decode(Verdict.self, from: Data(output.stdoutText.utf8)) else {
                throw Failure(
                    .proofBoot, operation: "prove the result", message: "The agent did not answer with a verdict.",
                    evidence: Array(Printable.lines(output.stderrText + "\n" + output.stdoutText).suffix(20)),
                    remedy: "Look at the console log in the run folder.", side: .guest)
            }
            if job.contents.undo != nil { verdict.evidence.insert("the image boots, and answers over SSH", at: 0) }
            record.proofBoot = ProofBootSection(
                passed: verdict.passed, evidence: verdict.evidence.map { Printable.line($0) },
                durationSeconds: (ContinuousClock.now - began).inSeconds)
            guard verdict.passed else {
                isVerdict = true
                throw verdict.failure
                    ?? Failure(
                        .proofBoot, operation: "prove the result",
                        message: "The result is not as it should be after a cold boot.",
                        evidence: verdict.evidence, remedy: "Look at the console log in the run folder.", side: .guest)
            }
        }
        try await machine.quit()
        try? FileManager.default.removeItem(atPath: overlay)
        try enter(.publishing)
    }
}
