import Contract
import Host
import Synchronization

@testable import Fleet

/// Slurm in memory, as far as the engine uses it; refuses every argument that it does not know.
final class FakeSlurm: SlurmTools {
    struct State {
        var tasks: [QueuedTask] = []
        /// Everything that was run, but squeue.
        var log: [[String]] = []
        var nextJob = 100
        /// What the next runs of a program answer instead.
        var refusals: [String: [ToolResult]] = [:]
        /// The submitter dies after so many more arrays were taken.
        var diesAfter: Int?
        /// Told to power off, running jobs end at once.
        var obeys = true
        var looks = 0
    }

    struct Death: Error {}

    let state = Mutex(State())

    var log: [[String]] { state.withLock { $0.log } }
    var tasks: [QueuedTask] { state.withLock { $0.tasks } }

    func refuse(_ program: String, _ error: String, times: Int = 1) {
        state.withLock {
            $0.refusals[program] = Array(repeating: ToolResult(status: 1, output: "", error: error), count: times)
        }
    }

    /// Moves an element on.
    func set(_ element: String, _ name: String, node: String = "", reason: String = "None") {
        state.withLock { state in
            for place in state.tasks.indices where state.tasks[place].element == element {
                state.tasks[place].state = .init(name)
                state.tasks[place].node = node
                state.tasks[place].reason = reason
            }
        }
    }

    func forget() { state.withLock { $0.tasks = [] } }

    func run(_ program: String, _ arguments: [String], operation: String) async throws -> ToolResult {
        try state.withLock { state in
            if program != "squeue" { state.log.append([program] + arguments) }
            if let refusal = state.refusals[program]?.popLast() { return refusal }
            switch program {
            case "sbatch":
                let job = try Self.submit(arguments, &state)
                if let left = state.diesAfter {
                    state.diesAfter = left - 1
                    if left <= 1 { throw Death() }
                }
                return ToolResult(status: 0, output: "\(job)\n", error: "")
            case "squeue": return try Self.look(arguments, &state)
            case "scancel": return try Self.cancel(arguments, &state)
            case "scontrol" where arguments.count == 2 && arguments[0] == "requeue":
                for place in state.tasks.indices where state.tasks[place].element == arguments[1] {
                    state.tasks[place].state = .init("PENDING")
                }
                return ToolResult(status: 0, output: "", error: "")
            default: throw Unexpected(words: [program] + arguments)
            }
        }
    }

    struct Unexpected: Error { var words: [String] }

    private static func submit(_ arguments: [String], _ state: inout State) throws -> Int {
        let options = Dictionary(
            arguments.dropLast().map { argument in
                let parts = argument.split(separator: "=", maxSplits: 1)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }, uniquingKeysWith: { $1 })
        guard let name = options["--job-name"], let array = options["--array"], options["--parsable"] != nil,
            arguments.last?.hasSuffix(".sh") == true
        else { throw Unexpected(words: arguments) }
        let job = state.nextJob
        state.nextJob += 1
        for range in array.split(separator: "%")[0].split(separator: ",") {
            let ends = range.split(separator: "-").compactMap { Int($0) }
            for index in ends[0]...(ends.last ?? ends[0]) {
                state.tasks.append(
                    QueuedTask(
                        job: job, index: index, state: .init("PENDING"), reason: "Priority", node: "", name: name))
            }
        }
        return job
    }

    private static func look(_ arguments: [String], _ state: inout State) throws -> ToolResult {
        var names: [String]?
        var job: Int?
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            switch parts[0] {
            case "--noheader", "--array": break
            case "--states" where parts[1] == "all": break
            case "--user" where Int(parts[1]) != nil: break
            case "--format" where parts[1] == "%F|%K|%T|%r|%N|%j": break
            case "--name": names = parts[1].split(separator: ",").map(String.init)
            case "--jobs": job = Int(parts[1])
            default: throw Unexpected(words: arguments)
            }
        }
        state.looks += 1
        let lines = state.tasks.filter { names?.contains($0.name) ?? true && job ?? $0.job == $0.job }.map {
            "\($0.job)|\($0.index)|\($0.state.name)|\($0.reason)|\($0.node)|\($0.name)\n"
        }
        if job != nil, lines.isEmpty {
            return ToolResult(status: 1, output: "", error: "slurm_load_jobs error: Invalid job id specified\n")
        }
        return ToolResult(status: 0, output: lines.joined(), error: "")
    }

    private static func cancel(_ arguments: [String], _ state: inout State) throws -> ToolResult {
        let options = arguments.filter { $0.hasPrefix("-") }
        guard options == ["--quiet"] || options == ["--quiet", "--batch", "--signal=TERM"] else {
            throw Unexpected(words: arguments)
        }
        let isSignal = options.count > 1
        for place in state.tasks.indices where arguments.contains(state.tasks[place].element) {
            if isSignal, !state.obeys { continue }
            state.tasks[place].state = .init(isSignal ? "COMPLETED" : "CANCELLED")
        }
        return ToolResult(status: 0, output: "", error: "")
    }
}
