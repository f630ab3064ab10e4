import Contract
import Glibc

/// One guest's job, on its node: `fleet slurm-task SPOOL N`. Stays as long as its guest.
public struct SlurmTask: Sendable {
    /// How often a job is begun before its failure counts, as on a single host.
    public static let attempts = FleetScheduler.attempts

    private let spool: SlurmSpool
    private let number: Int
    private let environment: [String: String]
    private let performer: any SlurmPerformer
    private let tools: any SlurmTools
    /// Seconds since 1970.
    private let now: @Sendable () -> Double
    /// How long Slurm may take to end a job that it was asked to queue again.
    private let requeueDeadline: Duration

    public init(
        spool: SlurmSpool, number: Int, environment: [String: String], performer: any SlurmPerformer,
        tools: any SlurmTools = LiveSlurmTools(), now: @escaping @Sendable () -> Double,
        requeueDeadline: Duration = .seconds(60)
    ) {
        self.spool = spool
        self.number = number
        self.environment = environment
        self.performer = performer
        self.tools = tools
        self.now = now
        self.requeueDeadline = requeueDeadline
    }

    /// Runs it to its end. Cancelled (the job's SIGTERM), it powers the guest off in order.
    ///
    /// - Returns: The exit status, by which Slurm says COMPLETED or FAILED. A failure that may pass is queued again by this process itself
    ///   (scontrol requeue): exit statuses that requeue are a setting of the whole cluster's (RequeueExit).
    public func run() async -> Int32 {
        let allocation: SlurmAllocation
        do throws(Failure) {
            allocation = try SlurmAllocation(environment: environment)
        } catch {
            return error.code.exitStatus
        }
        let record = Record(spool: spool, number: number, allocation: allocation, now: now)
        do {
            guard try await isOurs(allocation) else {
                record.tell("state", "another job has this guest; this one has nothing to do")
                return 0
            }
        } catch {
            // The result may be another job's to write.
            let failure = Self.failure(of: error)
            record.tell("state", "not begun: \(failure.message)")
            if allocation.attempt + 1 < Self.attempts { try? await tools.requeue(allocation.element) }
            return failure.code.exitStatus
        }
        do {
            return try await run(allocation, record)
        } catch {
            if Task.isCancelled {
                record.write(.ended) { $0.failure = error as? Failure }
                record.tell("state", "ended: told to")
                return 0
            }
            return await fail(Self.failure(of: error), allocation, record)
        }
    }

    private static func failure(of error: any Error) -> Failure {
        let all = Failures.list(
            of: error, operation: "run a guest in a Slurm job", remedy: "Read the job's log in the spool.", side: .host)
        return all[0]
    }

    private func run(_ allocation: SlurmAllocation, _ record: Record) async throws -> Int32 {
        let task = try spool.task(number)
        let site = try spool.site()
        let cards = try allocation.cards(site, wanted: try SlurmNeed(task, site).gpus)
        let began = ContinuousClock.now
        record.write(.starting) { $0.gpus = cards }
        record.tell("state", "\(task.action.rawValue) \(task.guest) on \(allocation.node)")
        let guest = try await performer.perform(
            task, gpus: cards, attempt: allocation.attempt, wasUp: record.wasUp
        ) { record.tell("progress", $0) }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        record.write(.running) { result in
            result.wasUp = true
            result.gpus = cards
            result.sshPort = guest.sshPort
            result.proof = guest.proof
            result.bootSeconds = seconds
        }
        record.tell("state", "running")
        try await guest.stay(grace: .seconds(site.graceSeconds))
        record.write(.ended) { $0.gpus = cards }
        record.tell("state", "ended")
        return 0
    }

    /// Whether no other job has the guest. Two jobs for one guest come of a submitter that was killed between sbatch and its next look.
    private func isOurs(_ allocation: SlurmAllocation) async throws -> Bool {
        let own = SlurmSpool.Holder(job: allocation.element, node: allocation.node)
        guard let other = try spool.take(number, for: own) else { return true }
        let job = other.job.prefix { $0 != "_" }
        let lives = try await tools.queue(job: String(job)).contains { $0.element == other.job && !$0.state.isOver }
        if !lives { try spool.inherit(number, for: own) }
        return !lives
    }

    private func fail(_ failure: Failure, _ allocation: SlurmAllocation, _ record: Record) async -> Int32 {
        var failure = failure
        if failure.retryable, allocation.attempt + 1 < Self.attempts {
            record.write(.retrying) { $0.failure = failure }
            record.tell("state", "failed, and is queued again: \(failure.message)")
            do {
                try await tools.requeue(allocation.element)
                // Slurm ends this process now, by SIGTERM: the cancellation is the event, this the deadline.
                try? await Task.sleep(for: requeueDeadline)
                if Task.isCancelled { return failure.code.exitStatus }
                failure.cleanup.append("Slurm did not queue the job again.")
            } catch {
                if Task.isCancelled { return failure.code.exitStatus }
                failure.cleanup.append(
                    "The job could not be queued again: \((error as? Failure)?.message ?? "\(error)")")
            }
        }
        record.write(.failed) { $0.failure = failure }
        record.tell("state", "failed: \(failure.message)")
        return failure.code.exitStatus
    }

    /// What is written of the job. Storage that fails must not end a guest that runs: it is told on stderr, the job's log.
    private struct Record: Sendable {
        var spool: SlurmSpool
        var number: Int
        var allocation: SlurmAllocation
        var now: @Sendable () -> Double

        /// Whether the guest was up in this job before: each word that is written takes it over from the last.
        var wasUp: Bool {
            guard let last = spool.result(number), last.job == allocation.element else { return false }
            return last.wasUp
        }

        func write(_ state: TaskResult.State, _ fill: (inout TaskResult) -> Void) {
            var result = TaskResult(
                state: state, job: allocation.element, attempt: allocation.attempt, node: allocation.node, at: now())
            result.wasUp = wasUp
            fill(&result)
            attempt { try spool.write(result, number) }
        }

        func tell(_ kind: String, _ message: String) {
            attempt {
                try spool.append(
                    SlurmEvent(at: now(), attempt: allocation.attempt, kind: kind, message: message), number)
            }
        }

        private func attempt(_ body: () throws -> Void) {
            do {
                try body()
            } catch {
                let line = Printable.line("\((error as? Failure)?.message ?? "\(error)")") + "\n"
                _ = line.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
            }
        }
    }
}
