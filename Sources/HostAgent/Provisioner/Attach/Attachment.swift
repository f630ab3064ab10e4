public import Contract
import FoundationEssentials
import Host
import SecureShell

/// The job on a machine that runs already: no image, no VM, no host's part. The same command again continues the run.
public struct Attachment: Sendable {
    let job: AttachJob
    let context: JobContext
    let prompts: AttachPrompts
    let state: String
    let startOver: Bool

    /// A job, to be run under `state`. `startOver` forgets an unfinished run on this machine, here and there.
    public init(job: AttachJob, context: JobContext, prompts: AttachPrompts, state: String, startOver: Bool = false) {
        self.job = job
        self.context = context
        self.prompts = prompts
        self.state = state
        self.startOver = startOver
    }

    /// Runs, or goes on with the run that was begun. Returns the report, also of a run that failed after it had begun;
    /// throws ``Failures`` or a ``Failure`` where nothing was begun.
    public func run() async throws -> Report {
        do {
            let address = try await AttachAddress.resolve(job.target)
            let folder = RunFolder(state: state, machine: "\(address.user)@\(address.endpoint)")
            try folder.create()
            let lock = try RunLock(folder: folder)
            defer { withExtendedLifetime(lock) {} }
            return try await session(folder, address).finish()
        } catch is CancellationError {
            throw AttachSession.interruption(working: false, machine: job.target.description)
        }
    }

    /// The run to go on with, or a new one.
    private func session(_ folder: RunFolder, _ address: AttachAddress) async throws -> AttachSession {
        let earlier = try folder.loadAttachment()
        let unfinished = earlier.flatMap { $0.phase != .ended && !startOver ? $0 : nil }
        var inputs = try await check(folder, dryRun: false)
        let made = try await contact(address, earlier).make()
        if var unfinished {
            inputs.recipe.gpus = unfinished.inputs.recipe.gpus
            guard inputs.recipe == unfinished.inputs.recipe else {
                throw Failure(
                    .runDiffers, operation: "continue the run",
                    message: "A run on \(unfinished.machine) was begun with other inputs.",
                    evidence: ["its folder: \(folder.path)"],
                    remedy: "Repeat the first command, or give that run up with --start-over.", side: .host)
            }
            (unfinished.job, unfinished.inputs, unfinished.hostKey) = (job, inputs, made.hostKey)
            context.progress(.note("Going on with the run of before (\(unfinished.phase.rawValue))."))
            return AttachSession(folder: folder, record: unfinished, context: context, made: made)
        }
        inputs.recipe.gpus = try gpus(made.survey)
        try confirm(made, inputs.recipe, address)
        try folder.clear()
        let record = AttachRecord(
            runID: folder.runID, job: job, user: address.user, endpoint: address.endpoint, inputs: inputs,
            survey: made.survey, phase: .uploading, startedAt: Date().timeIntervalSince1970, hostKey: made.hostKey)
        try folder.save(record)
        return AttachSession(folder: folder, record: record, context: context, made: made, startOver: startOver)
    }

    private func check(_ folder: RunFolder, dryRun: Bool) async throws -> AttachInputs {
        context.progress(.phase("Check the inputs"))
        let inputs = try await AttachPreflight(
            job: job, context: context, cache: state, store: folder.payloadsPath
        ).prepare(dryRun: dryRun)
        for warning in inputs.warnings { context.progress(.warning(warning)) }
        return inputs
    }

    private func contact(_ address: AttachAddress, _ earlier: AttachRecord?) -> AttachContact {
        AttachContact(
            address: address, job: job, context: context, prompts: prompts,
            remembered: startOver ? nil : earlier?.hostKey,
            continuing: !startOver && earlier.map { $0.phase != .ended } == true)
    }

    private func gpus(_ survey: MachineSurvey) throws -> [ExpectedGPU] {
        let problems = survey.problems(simulated: job.simulatedGPU)
        guard problems.isEmpty else { throw Failures(problems) }
        return survey.expectedGPUs(simulated: job.simulatedGPU)
    }

    private func confirm(_ made: AttachContact.Made, _ recipe: Recipe, _ address: AttachAddress) throws {
        let machine = "\(address.user)@\(address.endpoint)"
        let question = made.survey.question(machine: machine, recipe: recipe, simulated: job.simulatedGPU)
        if prompts.agreed {
            context.progress(.note("\(machine) is \(made.survey.name): \(made.survey.words). It may be rebooted."))
            return
        }
        guard let ask = prompts.ask, ask(question) else {
            throw Failure(
                .notConfirmed, operation: "begin on \(machine)",
                message: "Nobody has agreed that \(machine) is changed and may reboot. Nothing was changed.",
                remedy: "Answer the question on a terminal, or give --yes; --dry-run shows what would be done.",
                side: .host)
        }
    }

    /// Has the agent look, from a folder that is gone afterwards, and changes nothing. Throws what stands in the way of
    /// looking; what would stand in the way of doing is in the report.
    public func dryRun() async throws -> AttachDryRunReport {
        do {
            return try await look()
        } catch is CancellationError {
            throw Failure(
                .interrupted, operation: "look what would be done", message: "Interrupted; nothing was changed.",
                remedy: "Run the same command again.", retryable: true, side: .host)
        }
    }

    private func look() async throws -> AttachDryRunReport {
        let address = try await AttachAddress.resolve(job.target)
        let machine = "\(address.user)@\(address.endpoint)"
        let real = RunFolder(state: state, machine: machine)
        let folder = real.dryRun
        try folder.create()
        let lock = try RunLock(folder: folder)
        defer {
            withExtendedLifetime(lock) {}
            try? FileManager.default.removeItem(atPath: folder.path)
        }
        var inputs = try await check(folder, dryRun: true)
        let made = try await contact(address, try real.loadAttachment()).make()
        inputs.recipe.gpus = try gpus(made.survey)
        let uploads = PayloadFolder.uploads(inputs.payloads, sources: inputs.sources)
        var files: [AttachDryRunReport.File] = []
        for (payload, upload) in zip(inputs.payloads, uploads) {
            let standing = try await made.shell.standing(of: upload, deadline: .seconds(600))
            let present = if case .part(let bytes) = standing { bytes } else { upload.size }
            files.append(
                AttachDryRunReport.File(
                    role: payload.role, path: upload.source, size: upload.size, target: upload.target,
                    bytesPresent: present))
        }
        context.progress(.phase("Ask the guest agent what it would do"))
        let plan = Plan(runID: real.runID, recipe: inputs.recipe, payloads: inputs.payloads)
        let place = "/tmp/gpu-guest-agent.\(real.runID).look"
        try await made.shell.connection.upload(
            file: inputs.agentPath, to: place, mode: 0o700, deadline: .seconds(1800))
        let steps = try await made.shell.dryRun(
            plan, by: Self.looking(uploaded: place, sha256: inputs.agentSHA256))
        await made.shell.connection.close()
        return AttachDryRunReport(
            simulated: job.simulatedGPU, machine: machine, name: made.survey.name, words: made.survey.words,
            hostKey: made.hostKey.fingerprint, files: files, warnings: inputs.warnings, steps: steps)
    }

    /// Runs the uploaded agent's dry run from a place that programs may run from, and leaves nothing.
    static func looking(uploaded: String, sha256: String) -> String {
        """
        umask 077; upload=\(shellQuote(uploaded)); folder=
        trap 'rm -rf "$upload" $folder' EXIT; trap 'exit 1' HUP INT TERM
        [ "$(sha256sum <"$upload" | cut -c 1-64)" = \(sha256) ] || { echo "the agent arrived damaged" >&2; exit 1; }
        for base in /var/tmp /tmp /root /usr/local/libexec /usr/local; do
            folder=$(mktemp -d "$base/provision-gpu-vm-look.XXXXXX" 2>/dev/null) || continue
            cp "$upload" "$folder/agent" && chmod 700 "$folder/agent" && "$folder/agent" version >/dev/null </dev/null && break
            rm -rf "$folder"; folder=
        done
        [ -n "$folder" ] || { echo "no folder that programs may run from" >&2; exit 1; }
        "$folder/agent" run --plan - --dry-run --format json
        """
    }
}

extension RunFolder {
    func loadAttachment() throws -> AttachRecord? {
        try load(AttachRecord.self, from: attachmentPath, schema: AttachRecord.currentSchema)
    }

    func save(_ record: AttachRecord) throws {
        try write(try JSON.pretty(record), to: attachmentPath)
    }
}
