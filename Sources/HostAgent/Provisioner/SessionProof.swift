import Contract
import FoundationEssentials
import SecureShell
import VirtualMachines

/// The proof boot: the result, cold, on a throwaway overlay, must show that it stands on its own.
extension Session {
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
            // An image for many machines makes a key of its own in each: the one of this boot is taken for this boot.
            let generalised = job.contents.generalise
            let shell = try await reach.shell(hostKey: generalised ? nil : record.hostKey, user: record.user)
            let bootID = try await shell.bootID()
            record.boots.append(
                BootSection(
                    reason: "proof boot", bootID: bootID, secondsToSSH: (ContinuousClock.now - began).inSeconds))
            // An undone image has no agent any more; it comes back onto the throwaway overlay only.
            let agent = job.contents.undo == nil ? nil : AgentInstallation(shell, of: record)
            var verdict = try await reach.watch.during("prove the result") { [plan] in
                try await agent?.install()
                return try await ProofVerdict.ask(shell, plan)
            }
            if job.contents.undo != nil { verdict.evidence.insert("the image boots, and answers over SSH", at: 0) }
            if generalised {
                verdict.judge(try await GuestMarks.ask(shell), former: record.formerMarks ?? [])
            }
            record.proofBoot = verdict.section(since: began)
            guard verdict.passed else {
                isVerdict = true
                throw verdict.refusal(
                    "The result is not as it should be after a cold boot.",
                    remedy: "Look at the console log in the run folder.")
            }
        }
        try await machine.quit()
        try? FileManager.default.removeItem(atPath: overlay)
        try enter(.publishing)
    }
}
