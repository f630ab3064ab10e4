import Contract
import FoundationEssentials

/// Checks what goes into a running machine, before that is spoken to.
final class AttachPreflight: ContentsPreflight {
    private let job: AttachJob

    init(job: AttachJob, context: JobContext, cache: String, store: String) {
        self.job = job
        super.init(contents: job.contents, context: context, cache: cache, store: store)
    }

    /// The inputs as found, the GPUs still missing. Throws ``Failures`` with everything that is wrong.
    func prepare(dryRun: Bool) async throws -> AttachInputs {
        requireTools([("ssh-keygen", "openssh-client"), ("sha256sum", "coreutils")])
        failures += contents.problems()
        if contents.generalise {
            failures.append(
                Failure(
                    .optionInvalid, operation: "check the options",
                    message: "A machine that runs on keeps its identity; only an image can be for many machines.",
                    remedy: "Leave --generalise out.", side: .host))
        }
        if !dryRun { checkLicences() }
        var inputs = try await lookAtPayloads()
        checkVersions(inputs.payloads)
        let agent = try await attempt { try await AgentBinary.locate(job.agent) }
        checkAccess()
        try Task.checkCancellation()
        if failures.isEmpty { try await pack(&inputs) }
        guard failures.isEmpty, let agent else { throw Failures(failures) }
        if contents.signing != nil {
            warnings.append(
                "The private key for signing lies in the machine, readable by root, until the run has ended.")
        }
        let payloads = inputs.payloads
        return AttachInputs(
            recipe: payloads.recipe(contents, gpus: [], growRootFilesystem: false),
            payloads: payloads.all.map { PayloadFolder.placed($0.payload) }, sources: payloads.all.map(\.path),
            agentPath: agent.path, agentSHA256: agent.sha256, warnings: warnings)
    }

    private func checkAccess() {
        if let identity = job.access.identity, !FileManager.default.isReadableFile(atPath: identity) {
            invalid(
                "The key file \(identity) cannot be read.", "Name a private key with --identity.", .identityUnusable)
        }
        if job.access.usesPassword && (context.password ?? "").isEmpty {
            invalid("The password is empty.", "Answer the prompt, or write it to a file for --password-file.")
        }
    }
}
