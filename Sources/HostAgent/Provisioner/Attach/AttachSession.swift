import Contract
import FoundationEssentials
import SecureShell

/// A run on a running machine in this process: takes the record from phase to phase, each of which can be entered again.
final class AttachSession {
    let folder: RunFolder
    private(set) var record: AttachRecord
    let context: JobContext
    private let reach: GuestReach
    /// The connection of the first contact, until it is used up.
    private var first: GuestShell?
    private let startOver: Bool
    /// Whether the failure is a verdict on the work, and not on getting at it.
    private var isVerdict = false

    /// How long a machine may take to answer again, of five tries in a row: servers test their memory for minutes.
    static let rebootDeadline: Duration = .seconds(300)

    init(
        folder: RunFolder, record: AttachRecord, context: JobContext, made: AttachContact.Made, startOver: Bool = false
    ) {
        self.folder = folder
        self.record = record
        self.context = context
        self.reach = made.reach
        self.first = made.shell
        self.startOver = startOver
    }

    private var machine: String { record.machine }

    /// Goes on to the end and writes the report. Only an interruption throws; a failure is in the report.
    func finish() async throws -> Report {
        do {
            while record.phase != .ended { try await advance() }
            return conclude([])
        } catch {
            if Task.isCancelled {
                throw Self.interruption(working: record.phase != .uploading, machine: machine)
            }
            var failures = Session.failures(of: error)
            failures[0].cleanup += await cleanUp()
            return conclude(failures)
        }
    }

    /// What Ctrl-C comes to: the machine is not ours to switch off.
    static func interruption(working: Bool, machine: String) -> Failure {
        Failure(
            .interrupted, operation: "provision \(machine)",
            message: working ? "Interrupted; \(machine) goes on with the work by itself." : "Interrupted.",
            remedy: "Run the same command again to go on\(working ? " following it" : "").", retryable: true,
            side: .host)
    }

    private func advance() async throws {
        switch record.phase {
        case .uploading: try await upload()
        case .provisioning: try await provision()
        case .proving: try await prove()
        case .finishing: try await tidy()
        case .ended: break
        }
    }

    private func enter(_ phase: AttachRecord.Phase) throws {
        var next = record
        next.phase = phase
        try folder.save(next)
        record = next
    }

    /// A shell on the machine: the one of the first contact, or a new one.
    private func shell() async throws -> GuestShell {
        if let shell = first {
            first = nil
            return shell
        }
        return try await reach.shell(hostKey: record.hostKey, user: record.user)
    }

    // MARK: - Files

    private func upload() async throws {
        var perseverance = UploadPerseverance()
        let uploads = record.uploads
        if !uploads.isEmpty { context.progress(.phase("Copy the files")) }
        var prepared = false
        while true {
            let connected = try await shell()
            do {
                try await noteConnection(connected)
                if !prepared {
                    if startOver { try await giveUpTheJournal(connected) }
                    try await makeRoom(uploads, connected)
                    prepared = true
                }
                for upload in uploads { try await copy(upload, connected) }
                await connected.connection.close()
                break
            } catch let failure as Failure where Following.isTransient(failure) {
                await connected.connection.close()
                context.progress(.note("The connection was cut; the copy goes on where it stopped."))
                let there = try await bytesPresent(uploads)
                guard perseverance.mayGoOn(there) else { throw failure }
            }
        }
        try enter(.provisioning)
    }

    private func bytesPresent(_ uploads: [ResumableUpload]) async throws -> Int64 {
        let connected = try await shell()
        first = connected
        var there: Int64 = 0
        for upload in uploads {
            switch try await connected.standing(of: upload, deadline: .seconds(600)) {
            case .whole: there += upload.size
            case .part(let bytes): there += bytes
            }
        }
        return there
    }

    private func makeRoom(_ uploads: [ResumableUpload], _ shell: GuestShell) async throws {
        guard !uploads.isEmpty else { return }
        let line = try await shell.run(
            PayloadFolder.preparing(uploads), deadline: .seconds(60), operation: "make a folder for the files")
        var missing: Int64 = 0
        for upload in uploads {
            if case .part(let there) = try await shell.standing(of: upload, deadline: .seconds(600)) {
                missing += upload.size - there
            }
        }
        if let free = PayloadFolder.freeBytes(line),
            let problem = PayloadFolder.spaceProblem(free: free, missing: missing)
        {
            throw problem
        }
    }

    /// Slower lines than this end the copy, which the same command takes up again.
    private static let slowestBytesPerSecond: Int64 = 32 << 10

    private func copy(_ upload: ResumableUpload, _ shell: GuestShell) async throws {
        let name = String(upload.target.split(separator: "/").last ?? "")
        let progress = context.progress
        let sent = try await shell.upload(
            upload, progress: { progress(.transfer(name: name, done: $0, total: $1)) },
            deadline: .seconds(600 + upload.size / Self.slowestBytesPerSecond))
        progress(
            .note(
                sent == 0
                    ? "\(name) is there already."
                    : sent < upload.size
                        ? "\(name) is there; the last \(sent >> 20) MiB were sent." : "\(name) is there."))
        record.bytesSent += sent
        try folder.save(record)
    }

    /// With --start-over: another job that is unfinished in the machine is stopped, its journal put aside.
    private func giveUpTheJournal(_ shell: GuestShell) async throws {
        let journal = "/var/lib/gpu-guest-agent/journal.jsonl"
        try await shell.run(
            """
            if [ -x \(AgentInstallation.path) ] && [ -e \(journal) ]; then
                case "$(\(AgentInstallation.path) status)" in
                *'"interrupted"'*|*'"running"'*)
                    systemctl disable --now gpu-guest-agent.service 2>/dev/null
                    mv \(journal) \(journal).given-up-$(date +%s) ;;
                esac
            fi
            """, deadline: .seconds(120), operation: "give the unfinished run up")
    }

    // MARK: - The plan

    private func provision() async throws {
        var journal = try GuestJournal(path: folder.journalPath)
        if journal.finished == nil {
            context.progress(.phase("Provision \(machine)"))
            let record = record
            if let unused = first {
                first = nil
                await unused.connection.close()
            }
            let following = Following(
                reach: reach,
                agent: { shell in
                    AgentInstallation(
                        shell, agentPath: record.inputs.agentPath, agentSHA256: record.inputs.agentSHA256,
                        runID: record.runID)
                }, plan: record.plan, connected: { [self] shell in try await noteConnection(shell) },
                progress: context.progress,
                remedy:
                    "See that the machine has its GPU (`lspci -nn` there); switch it off and on where it asks for that, "
                    + "and run the same command again.", idleLimit: .seconds(180))
            try await following.toTheEnd(
                journal: &journal, hostKey: { [self] in self.record.hostKey }, user: { record.user })
        }
        let fold = JournalFold(journal.records)
        guard journal.finished == true else {
            isVerdict = true
            throw fold.failure
                ?? Failure(
                    .guestTalkedNonsense, operation: "provision \(machine)",
                    message: "The agent failed without a reason.",
                    remedy: "Look at the journal in the run folder.", side: .guest)
        }
        record.outcome = fold.changed ? .provisioned : .unchanged
        try enter(record.job.proofReboot ? .proving : .finishing)
    }

    /// Counts the boots.
    private func noteConnection(_ shell: GuestShell) async throws {
        let bootID = try await shell.bootID()
        guard record.boots.last?.bootID != bootID else { return }
        let isFirst = record.boots.isEmpty
        record.boots.append(
            BootSection(reason: isFirst ? "ran already" : "reboot", bootID: bootID, secondsToSSH: nil))
        context.progress(
            .note(isFirst ? "Logged in as \(shell.connection.user)." : "\(machine) answers again, after a reboot."))
        try folder.save(record)
    }

    // MARK: - The end

    /// One reboot, and the agent's proof of the boot that follows.
    private func prove() async throws {
        context.progress(.phase("Prove \(machine) by a reboot"))
        let began = ContinuousClock.now
        let before = try await shell()
        var bootID = try await before.bootID()
        if record.boots.last?.bootID == bootID {
            // The status says nothing: the connection may go before it comes.
            _ = try? await before.attempt("systemctl reboot", deadline: .seconds(60))
        }
        await before.connection.close()
        let end = ContinuousClock.now + Self.rebootDeadline * 3
        var after = try await reach.shell(hostKey: record.hostKey, user: record.user)
        bootID = try await after.bootID()
        while record.boots.last?.bootID == bootID {
            guard ContinuousClock.now < end else {
                throw Failure(
                    .rebootFailed, operation: "reboot \(machine)", message: "The machine does not go down.",
                    remedy: "Look what keeps it (`systemctl list-jobs`), reboot it, and run the same command again.",
                    retryable: true, side: .guest)
            }
            // The old boot's sshd answers until it is stopped: there is no event to wait for.
            try await Task.sleep(for: .seconds(2))
            do {
                after = try await reach.shell(hostKey: record.hostKey, user: record.user)
                bootID = try await after.bootID()
            } catch let failure as Failure where Following.isTransient(failure) && ContinuousClock.now < end {
                continue
            }
        }
        record.boots.append(
            BootSection(
                reason: "proof reboot", bootID: bootID, secondsToSSH: (ContinuousClock.now - began).inSeconds))
        let verdict = try await ProofVerdict.ask(after, record.plan)
        await after.connection.close()
        record.proofBoot = verdict.section(since: began)
        guard verdict.passed else {
            isVerdict = true
            throw verdict.refusal(
                "The machine is not as it should be after a reboot.",
                remedy: "Look at `journalctl -b` on the machine.")
        }
        try enter(.finishing)
    }

    /// Takes out what was for the run alone. The person's keys are not ours to touch: none were put in.
    private func tidy() async throws {
        context.progress(.phase("Tidy up"))
        for attempt in 1... {
            do {
                let shell = try await shell()
                let remove =
                    record.job.keepPayloads
                    ? PayloadFolder.removingKeys(record.inputs.payloads) : PayloadFolder.removing
                try await shell.run(
                    ["\(AgentInstallation.path) seal", remove, "sync"].compactMap { $0 }.joined(separator: " && "),
                    deadline: .seconds(300), operation: "take the run's traces out of the machine")
                await shell.connection.close()
                return try enter(.ended)
            } catch let failure as Failure where Following.isTransient(failure) && attempt < 5 {
                context.progress(.note("The connection was cut; once more."))
            }
        }
    }

    /// After a verdict the files stay for the next try, but for a private key. Returns what went wrong meanwhile.
    private func cleanUp() async -> [String] {
        guard isVerdict else {
            if record.phase != .ended {
                context.progress(.note("The work so far is kept: the same command goes on, --start-over begins anew."))
            }
            return []
        }
        var problems: [String] = []
        if let remove = PayloadFolder.removingKeys(record.inputs.payloads) {
            do {
                try await shell().run(remove, deadline: .seconds(60), operation: "take the private key out")
            } catch {
                problems = Session.failures(of: error).map(\.message)
            }
        }
        if !record.uploads.isEmpty {
            context.progress(
                .note(
                    "The files stay in \(PayloadFolder.path) of \(machine) for the next try; remove them if none comes."
                ))
        }
        return problems
    }

    private func conclude(_ failures: [Failure]) -> Report {
        folder.conclude(failures) {
            if isVerdict {
                record.outcome = .failed
                try enter(.ended)
            }
            return record.phase == .ended
        } report: { journal, failures in
            AttachReportBuilder(
                record: record, journal: journal, failures: failures, finishedAt: Date().timeIntervalSince1970,
                hostKernel: Session.kernelRelease, folder: folder.path
            ).report()
        }
    }
}
