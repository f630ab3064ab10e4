public import Contract
import FoundationEssentials
import Glibc
import Passthrough
import SecureShell
import VirtualMachines

/// One VM from image to report. The same job again continues the run, whatever ended it, kill -9 included.
///
/// The order is rule 1 of the design: work on a temporary disk, clean power-off, proof boot on a throwaway overlay, then
/// publish by rename. What has been begun is on disk (``RunRecord/Phase``) before it is begun.
public struct Provisioning: Sendable {
    let job: Job
    let context: JobContext
    let state: String
    let startOver: Bool

    /// A job, to be run under `state` (usually ~/.local/state/provision-gpu-vm). `startOver` throws an unfinished run of
    /// the same result away first, its VM included.
    public init(job: Job, context: JobContext, state: String, startOver: Bool = false) {
        self.job = job
        self.context = context
        self.state = state
        self.startOver = startOver
    }

    /// Runs, or goes on with the run that was begun. Returns the report, also of a run that failed after it had begun;
    /// throws ``Failures`` or a ``Failure`` where nothing was begun.
    public func run() async throws -> Report {
        let folder = RunFolder(state: state, resultPath: job.resultPath)
        try folder.create()
        let lock = try RunLock(folder: folder)
        defer { withExtendedLifetime(lock) {} }
        await endKilledDryRun(folder.dryRun)
        await putBackAbandoned(except: folder)
        let result: Result<Report, any Error>
        do { result = .success(try await attempt(folder)) } catch { result = .failure(error) }
        // The session gives back what it took; this is what an earlier process of this run left, its VM being gone.
        _ = await RunClaims(context.claims, folder: folder.path).giveBack()
        return try result.get()
    }

    /// Looks at all inputs, as ``run()`` does before it begins, and begins nothing. Throws ``Failures`` with everything that is
    /// wrong; nothing is wrong with a run that is unfinished or done.
    public func check() async throws {
        let folder = RunFolder(state: state, resultPath: job.resultPath)
        let earlier = try folder.load()
        let continuing = earlier.map { $0.phase != .ended } ?? false
        _ = try await Preflight.prepare(
            job, context: context, cache: state, store: folder.payloadsPath,
            standing: Preflight.Standing(
                continuing: continuing, resultMayExist: continuing || earlier?.isPublished == true, looksOnly: true))
    }

    /// Looks at the inputs alone, for a job that another host is to carry out: ``check()`` without what it asks of this one. Throws
    /// ``Failures`` with everything that is wrong.
    public func checkInputs() async throws {
        let store = RunFolder(state: state, resultPath: job.resultPath).payloadsPath
        try await Preflight(
            job: job, context: context, cache: state, store: store, standing: Preflight.Standing(looksOnly: true)
        )
        .checkInputs()
    }

    /// Cards that commands which were killed took, and whose VMs are gone.
    func putBackAbandoned(except folder: RunFolder) async {
        let (changes, failures) = await context.claims.restoreAbandoned(except: folder.path)
        for line in changes.flatMap(\.sentences) {
            context.progress(.note("Put back what an earlier command left: \(line)"))
        }
        for failure in failures { context.progress(.warning("\(failure.message) \(failure.remedy)")) }
    }

    private func attempt(_ folder: RunFolder) async throws -> Report {
        do {
            return try await session(folder).finish()
        } catch is CancellationError {
            throw Failure(
                .interrupted, operation: "provision the VM", message: "Interrupted.",
                remedy: "Run the same command again.", retryable: true, side: .host)
        } catch let finished as Finished {
            return finished.report
        }
    }

    /// A run that had ended before, with its result in place.
    private struct Finished: Error {
        var report: Report
    }

    /// The run to go on with, or a new one.
    private func session(_ folder: RunFolder) async throws -> Session {
        let earlier = try folder.load()
        if let earlier, earlier.phase == .publishing {
            guard !startOver else {
                throw Failure(
                    .runDiffers, operation: "start over", message: "The earlier run is about to publish its result.",
                    remedy: "Run the same command once without --start-over to let it finish.", side: .host)
            }
            guard earlier.isSameCommand(as: job) else { throw differs(folder) }
            return resumed(earlier, folder)
        }
        context.progress(.phase("Check the inputs"))
        let unfinished = earlier.flatMap { $0.phase != .ended && !startOver ? $0 : nil }
        let done = earlier.flatMap { $0.isPublished && !startOver ? $0 : nil }
        let archive = FolderArchive(store: folder.payloadsPath)
        // Until an unfinished run is thrown away, its VM may read them.
        let kept = earlier.flatMap { $0.phase != .ended ? $0.prepared.drives : nil } ?? []
        let prepared: PreparedJob
        do {
            prepared = try await Preflight.prepare(
                job, context: context, cache: state, store: archive.store,
                standing: Preflight.Standing(
                    continuing: unfinished != nil, resultMayExist: unfinished != nil || done != nil))
        } catch {
            archive.prune(keeping: kept)
            throw error
        }
        for warning in prepared.warnings { context.progress(.warning(warning)) }

        if var unfinished {
            guard unfinished.isSameWork(as: prepared, of: job) else {
                archive.prune(keeping: kept)
                throw differs(folder)
            }
            (unfinished.job, unfinished.prepared) = (job, prepared)
            return resumed(unfinished, folder)
        }
        if let done, done.isSameWork(as: prepared, of: job), let report = report(of: done, folder) {
            archive.prune(keeping: kept)
            context.progress(.note("Nothing to do: this was done before, and the result is in place."))
            throw Finished(report: report)
        }
        if job.destination != .inPlace, FileManager.default.fileExists(atPath: job.resultPath) {
            archive.prune(keeping: kept)
            throw Failure(
                .outputExists, operation: "look at the result's place", message: "\(job.resultPath) is there already.",
                remedy: "Move it away, or choose another name with --output.", side: .host)
        }
        // Only now, when the inputs are good: a mistyped name must not cost the run of before.
        if let earlier, earlier.phase != .ended { try await abandon(earlier, folder) }
        try folder.clear()
        archive.prune(keeping: prepared.drives)
        let record = RunRecord(
            runID: folder.runID, job: job, prepared: prepared, phase: .preparing,
            startedAt: Date().timeIntervalSince1970, sshPort: 0)
        try folder.save(record)
        return Session(folder: folder, record: record, context: context)
    }

    private func resumed(_ record: RunRecord, _ folder: RunFolder) -> Session {
        context.progress(.note("Going on with the run of before (\(record.phase.rawValue))."))
        return Session(folder: folder, record: record, context: context)
    }

    private func differs(_ folder: RunFolder) -> Failure {
        Failure(
            .runDiffers, operation: "continue the run",
            message: "A run for \(job.resultPath) was begun with other inputs.",
            evidence: ["its folder: \(folder.path)"],
            remedy: "Repeat the first command, choose another --output, or throw it away with --start-over.",
            side: .host)
    }

    /// The stored report, if the file it speaks of is still there.
    private func report(of record: RunRecord, _ folder: RunFolder) -> Report? {
        guard let status = try? FileStatus(of: job.resultPath), status.inode == record.resultInode,
            let data = FileManager.default.contents(atPath: folder.reportPath)
        else { return nil }
        return try? JSONDecoder().decode(Report.self, from: data)
    }

    private func abandon(_ record: RunRecord, _ folder: RunFolder) async throws {
        for path in [folder.vmPath, folder.proofPath] {
            try await VirtualMachine.adopt(folder: path)?.quit()
        }
        WorkDisk(job: record.job, runID: record.runID).remove()
    }
}
