import Contract
import FoundationEssentials
import Glibc
import Passthrough
import SecureShell
import VirtualMachines

/// The run in this process: takes the record from phase to phase, each of which can be entered again after a crash.
final class Session {
    let folder: RunFolder
    var record: RunRecord
    let context: JobContext
    /// Whether the failure is a verdict on the work, and not on getting at it: then the work disk is worth nothing.
    var isVerdict = false
    /// The VM that this process holds. QEMU's monitor serves one client: who has the machine must go on using it.
    private var held: VirtualMachine?
    private let cards: RunClaims

    init(folder: RunFolder, record: RunRecord, context: JobContext) {
        self.folder = folder
        self.record = record
        self.context = context
        cards = RunClaims(context.claims, folder: folder.path)
    }

    var job: Job { record.job }
    var disk: WorkDisk { WorkDisk(job: job, runID: record.runID) }
    var plan: Plan { Plan(runID: record.runID, recipe: record.prepared.recipe, payloads: record.prepared.payloads) }

    /// The living VM of `path`: the one held, or adopted from an earlier process; nil where none lives.
    func machine(in path: String) async throws -> VirtualMachine? {
        if let held, held.folder.path == path, held.isRunning { return held }
        held = try await VirtualMachine.adopt(folder: path)
        if let held {
            // Its claim is there already; what is missing is this process's lock on it.
            try? await takeCards()
            await note(held)
        }
        return held
    }

    /// Starts QEMU; a port that was taken meanwhile is replaced by the next free one, unless the user named it.
    func launch(_ specification: MachineSpecification) async throws -> VirtualMachine {
        try await takeCards()
        let machine = try await VirtualMachine.launch(
            specification, portAttempts: job.portAttempts, deadline: job.launchDeadline)
        held = machine
        await note(machine)
        return machine
    }

    /// Takes the job's cards from the host's drivers, unless it has them.
    private func takeCards() async throws {
        guard case .passthrough(let gpus) = job.gpu else { return }
        for change in try await cards.take(gpus) where change.isChange { tell(change) }
    }

    private func note(_ machine: VirtualMachine) async {
        await cards.note(
            ProcessIdentity(pid: machine.record.pid, startTime: machine.record.startTime), folder: machine.folder.path)
    }

    /// Puts the cards back on the drivers that they had before this run. Returns what went wrong.
    func giveBackCards() async -> [String] {
        let (changes, failures) = await cards.giveBack()
        for change in changes { tell(change) }
        return failures.map { "\($0.message) \($0.remedy)" }
    }

    private func tell(_ change: CardChange) {
        for line in change.sentences { context.progress(.note(line)) }
    }

    /// Goes on to the end and writes the report. Only an interruption throws; a failure is in the report.
    func finish() async throws -> Report {
        do {
            while record.phase != .ended { try await advance() }
            for problem in await giveBackCards() {
                record.warnings.append(problem)
                context.progress(.warning(problem))
            }
            return conclude([])
        } catch {
            if Task.isCancelled { throw await interrupt() }
            var failures = Self.failures(of: error)
            failures[0].cleanup += await cleanUp()
            failures[0].cleanup += await giveBackCards()
            return conclude(failures)
        }
    }

    private func advance() async throws {
        switch record.phase {
        case .preparing: try await prepare()
        case .provisioning: try await provision()
        case .sealing: try await seal()
        case .proving: try await prove()
        case .publishing: try await publish()
        case .ended: break
        }
    }

    /// On disk first: what is not written down has not begun.
    func enter(_ phase: RunRecord.Phase) throws {
        var next = record
        next.phase = phase
        try folder.save(next)
        record = next
    }

    private func prepare() async throws {
        context.progress(.phase("Prepare the disk"))
        if job.destination == .inPlace {
            try await Publishing.requireNoDependents(of: job.image, except: disk.path)
        }
        try await disk.create(from: record.prepared.image, size: job.diskSize)
        if job.access == .ephemeral { try await folder.keys.make() }
        record.sshPort = try job.sshPort ?? freeLoopbackPort()
        try enter(.provisioning)
    }

    private func publish() async throws {
        context.progress(.phase("Publish the result"))
        let publishing = Publishing(job: job, image: record.prepared.image, disk: disk)
        // In a task that Ctrl-C does not cancel: half a commit is no place to stop.
        record.result = try await Task.detached { try await publishing.publish() }.value
        record.resultInode = try FileStatus(of: job.resultPath).inode
        record.outcome = job.contents.undo == nil ? .provisioned : .undone
        try enter(.ended)
    }

    /// What a user's Ctrl-C does: the guest is switched off cleanly and the run kept, so that the same command goes on.
    private func interrupt() async -> Failure {
        var failure = Failure(
            .interrupted, operation: "provision the VM", message: "Interrupted; the guest is switched off.",
            remedy: "Run the same command again to go on, or with --start-over to begin anew.", retryable: true,
            side: .host)
        // The task is cancelled: what cleans up must run in one that is not.
        let (held, folder, phase) = (held, folder, record.phase)
        let cleaning = Task.detached { () -> [String] in
            do {
                let proof = phase == .proving
                let living =
                    if let held, held.isRunning { held } else {
                        try await VirtualMachine.adopt(folder: proof ? folder.proofPath : folder.vmPath)
                    }
                if proof { try await living?.quit() } else { _ = try await living?.powerDown(grace: .seconds(90)) }
                return []
            } catch {
                return Session.failures(of: error).map(\.message)
            }
        }
        failure.cleanup = await cleaning.value
        failure.cleanup += await giveBackCards()
        return failure
    }

    /// Leaves nothing running. The work disk goes where the verdict is in; otherwise (a password mistyped, a connection
    /// lost, a full disk) it stays, and the same command goes on with it. Returns what went wrong meanwhile.
    private func cleanUp() async -> [String] {
        var problems: [String] = []
        for path in [folder.vmPath, folder.proofPath] {
            do {
                let living = try await machine(in: path)
                if isVerdict || path == folder.proofPath {
                    try await living?.quit()
                } else {
                    _ = try await living?.powerDown(grace: .seconds(60))
                }
            } catch {
                problems += Self.failures(of: error).map(\.message)
            }
        }
        if record.phase == .preparing || (isVerdict && problems.isEmpty) {
            disk.remove()
        } else if record.phase != .ended {
            context.progress(.note("The work so far is kept: the same command goes on, --start-over begins anew."))
        }
        return problems
    }

    private func conclude(_ failures: [Failure]) -> Report {
        let hasFailed = !failures.isEmpty && (isVerdict || record.phase == .preparing)
        return folder.conclude(failures) {
            if hasFailed {
                record.outcome = .failed
                try enter(.ended)
            }
            return record.phase == .ended
        } report: { journal, failures in
            ReportBuilder(
                record: record, journal: journal, failures: failures, finishedAt: Date().timeIntervalSince1970,
                hostKernel: Self.kernelRelease, folder: folder.path
            ).report()
        }
    }

    static func failures(of error: any Error) -> [Failure] {
        Failures.list(
            of: error, operation: "provision the VM", remedy: "Please report this with the run folder.", side: .host)
    }

    static var kernelRelease: String {
        FileManager.default.contents(atPath: "/proc/sys/kernel/osrelease")
            .map { Printable.line(String(decoding: $0, as: UTF8.self)) } ?? "unknown"
    }
}
