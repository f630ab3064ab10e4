import Contract
public import Host

/// Slurm's own programs: the only way in which this tool talks to Slurm.
public protocol SlurmTools: Sendable {
    /// Runs one to its end: sbatch, squeue, scancel, scontrol. A status other than 0 is an answer.
    func run(_ program: String, _ arguments: [String], operation: String) async throws -> ToolResult
}

/// Those in PATH.
public struct LiveSlurmTools: SlurmTools {
    public init() {}

    public func run(_ program: String, _ arguments: [String], operation: String) async throws -> ToolResult {
        try await runTool(program, arguments, package: "slurm-client", operation: operation)
    }
}

extension SlurmTools {
    /// Submits an array; its job number.
    func submit(_ arguments: [String]) async throws -> Int {
        let operation = "submit jobs to Slurm"
        let result = try await run("sbatch", arguments, operation: operation)
        guard result.status == 0 else { throw Self.refused("sbatch", result, operation) }
        // "123", or "123;cluster".
        let number = result.output.prefix { $0.isASCII && $0.isNumber }
        guard let job = Int(number) else {
            throw Failure(
                .commandFailed, operation: operation, message: "sbatch told no job number.",
                evidence: Printable.lines(result.output.prefix(400)) + result.complaints,
                remedy: "Look with squeue whether the job is there; the same command again finds it.", side: .host)
        }
        return job
    }

    /// The elements of the jobs of these names, also those that ended lately (MinJobAge of slurm.conf).
    func queue(names: [String], user: UInt32) async throws -> [QueuedTask] {
        let operation = "look at Slurm's queue"
        var tasks: [QueuedTask] = []
        var rest = names[...]
        while !rest.isEmpty {
            // Ten arrays a call: some 10 000 lines, below what is read of a program.
            let some = rest.prefix(10)
            rest = rest.dropFirst(10)
            let result = try await run(
                "squeue",
                [
                    "--noheader", "--array", "--states=all", "--user=\(user)", "--name=\(some.joined(separator: ","))",
                    "--format=\(QueuedTask.format)",
                ], operation: operation)
            guard result.status == 0 else { throw Self.refused("squeue", result, operation) }
            tasks += QueuedTask.list(result.output)
        }
        return tasks
    }

    /// The elements of one job; none where Slurm knows it no more.
    func queue(job: String) async throws -> [QueuedTask] {
        let operation = "look at Slurm's queue"
        let result = try await run(
            "squeue", ["--noheader", "--array", "--states=all", "--jobs=\(job)", "--format=\(QueuedTask.format)"],
            operation: operation)
        guard result.status == 0 else {
            if result.error.contains("Invalid job id") { return [] }
            throw Self.refused("squeue", result, operation)
        }
        return QueuedTask.list(result.output)
    }

    /// Cancels elements; with a signal, signals their batch shells. Those that are over already are no error.
    func cancel(_ elements: [String], signal: String? = nil) async throws {
        let operation = "cancel jobs in Slurm"
        var rest = elements[...]
        while !rest.isEmpty {
            let some = rest.prefix(200)
            rest = rest.dropFirst(200)
            let options = signal.map { ["--batch", "--signal=\($0)"] } ?? []
            let result = try await run("scancel", ["--quiet"] + options + some, operation: operation)
            let isOver = ["already completing or completed", "Invalid job id", "not running", "not yet pending"]
            let complaints = result.complaints.filter { line in !isOver.contains { line.contains($0) } }
            if result.status != 0, !complaints.isEmpty { throw Self.refused("scancel", result, operation) }
        }
    }

    /// Puts a running element back into the queue; Slurm ends it first.
    func requeue(_ element: String) async throws {
        let operation = "queue the job again"
        let result = try await run("scontrol", ["requeue", element], operation: operation)
        guard result.status == 0 else { throw Self.refused("scontrol requeue", result, operation) }
    }

    private static func refused(_ program: String, _ result: ToolResult, _ operation: String) -> Failure {
        let passing = ["Unable to contact slurm controller", "Socket timed out", "try again", "temporarily"]
        return Failure(
            .commandFailed, operation: operation, message: "\(program) ended with status \(result.status).",
            evidence: result.complaints.map { Printable.line($0, limit: 400) },
            remedy: "Read what \(program) said; a limit of the site's is for its administrator.",
            retryable: result.complaints.contains { line in passing.contains { line.contains($0) } }, side: .host)
    }
}
