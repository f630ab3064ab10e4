public import Contract
import FoundationEssentials
import Glibc
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

        if startOver { try await abandon(folder) }
        let earlier = try folder.load()
        context.progress(.phase("Check the inputs"))
        let prepared = try await Preflight.prepare(
            job, context: context, cache: state, resultMayExist: earlier.map { $0.outcome != .failed } ?? false)
        for warning in prepared.warnings { context.progress(.warning(warning)) }

        if let earlier, earlier.phase != .ended || earlier.outcome == .provisioned {
            guard earlier.isSameWork(as: prepared, of: job) else { throw differs(folder) }
            if earlier.phase != .ended {
                context.progress(.note("Going on with the run of before (\(earlier.phase.rawValue))."))
                return try await Session(folder: folder, record: earlier, context: context, prepared: prepared).finish()
            }
            if let report = finishedReport(folder) {
                context.progress(.note("Nothing to do: this was provisioned before, and the result is in place."))
                return report
            }
        }
        if job.destination != .inPlace, FileManager.default.fileExists(atPath: job.resultPath) {
            throw Failure(
                .outputExists, operation: "look at the result's place", message: "\(job.resultPath) is there already.",
                remedy: "Move it away, or choose another name with --output.", side: .host)
        }
        try folder.clear()
        let record = RunRecord(
            runID: folder.runID, job: job, prepared: prepared, phase: .preparing,
            startedAt: Date().timeIntervalSince1970,
            sshPort: 0)
        try folder.save(record)
        return try await Session(folder: folder, record: record, context: context, prepared: prepared).finish()
    }

    private func differs(_ folder: RunFolder) -> Failure {
        Failure(
            .runDiffers, operation: "continue the run",
            message: "A run for \(job.resultPath) was begun with other inputs.",
            evidence: ["its folder: \(folder.path)"],
            remedy: "Repeat the first command, choose another --output, or throw it away with --start-over.",
            side: .host)
    }

    /// The stored report, if its result is still what it was.
    private func finishedReport(_ folder: RunFolder) -> Report? {
        guard FileManager.default.fileExists(atPath: job.resultPath),
            let data = FileManager.default.contents(atPath: folder.reportPath)
        else { return nil }
        return try? JSONDecoder().decode(Report.self, from: data)
    }

    private func abandon(_ folder: RunFolder) async throws {
        guard let record = try folder.load(), record.phase != .ended else { return }
        guard record.phase != .publishing else {
            throw Failure(
                .runDiffers, operation: "start over", message: "The earlier run is about to publish its result.",
                remedy: "Run the same command once without --start-over to let it finish.", side: .host)
        }
        for path in [folder.vmPath, folder.proofPath] {
            try await VirtualMachine.adopt(folder: path)?.quit()
        }
        WorkDisk(job: record.job, runID: record.runID).remove()
        try folder.clear()
    }
}
