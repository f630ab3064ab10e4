import Contract
import Fleet
import Foundation
import Glibc
import Passthrough
import Provisioner
import UnixSignals

/// The Slurm engine over guests that are no VMs, for Scripts/slurm-lane.
///
///     slurm-demo submit SITE SPOOL JOBS GUEST…   GUEST is NAME:BEHAVIOUR:GPUS; JOBS is 0 for no bound
///     slurm-demo follow SITE SPOOL [NAME…]       until each runs, has ended or failed; also status, stop, requeue
///     slurm-demo task SPOOL N                    what a job runs
@main
struct SlurmDemo {
    static func main() async {
        let words = CommandLine.arguments.dropFirst().map { $0 }
        do {
            switch words.first {
            case "task" where words.count == 3: await task(SlurmSpool(folder: words[1]), Int(words[2]) ?? -1)
            case let command? where words.count >= 3:
                let site = try SlurmSite.load(file: words[1])
                let engine = SlurmEngine(
                    spool: SlurmSpool(folder: words[2]), site: site,
                    tool: [URL(filePath: CommandLine.arguments[0]).standardizedFileURL.path, "task"])
                try await run(command, engine, Array(words.dropFirst(3)))
            default:
                say("see Tests/Support/SlurmDemo")
                exit(64)
            }
        } catch {
            for failure in Failures.list(of: error, operation: "try Slurm", remedy: "Look.", side: .host) {
                say("error: \(failure.message) \(failure.evidence.joined(separator: " | "))")
            }
            exit(1)
        }
    }

    private static func run(_ command: String, _ engine: SlurmEngine, _ words: [String]) async throws {
        let names = words.isEmpty ? nil : words
        switch command {
        case "submit":
            let jobs = words.first.flatMap { Int($0) } ?? 0
            let submission = try await engine.submit(words.dropFirst().map(guest), jobs: jobs == 0 ? nil : jobs)
            tell(submission)
        case "follow":
            let states = try await engine.follow(names) { news in
                switch news {
                case .state(let guest, let state): say("\(guest): \(text(state))")
                case .event(let guest, let event): say("\(guest) (attempt \(event.attempt)): \(event.message)")
                case .cutOff(let guest): say("\(guest) was cut off")
                case .silence(let reason): say("Slurm does not answer: \(reason)")
                }
            }
            for (guest, state) in states { print(guest, text(state)) }
        case "status":
            for (guest, state) in try await engine.status(of: names) { print(guest, text(state)) }
        case "stop": print("forced", try await engine.stop(names).joined(separator: " "))
        case "requeue": tell(try await engine.requeue(words))
        default:
            say("no such command: \(command)")
            exit(64)
        }
    }

    private static func tell(_ submission: SlurmEngine.Submission) {
        print("submitted", submission.submitted.joined(separator: " "))
        print("queued", submission.queued.joined(separator: " "))
    }

    private static func text(_ state: SlurmGuestState) -> String {
        switch state {
        case .absent: "absent"
        case .waiting(let reason): "waiting \(reason)"
        case .starting(let node): "starting \(node)"
        case .running(let result):
            "running \(result.node) attempt=\(result.attempt) port=\(result.sshPort ?? 0) "
                + result.gpus.map(\.description).joined(separator: ",")
        case .ended: "ended"
        case .failed(let failure): "failed \(failure.code) \(failure.message)"
        case .settling: "settling"
        }
    }

    private static func guest(_ word: String) -> GuestTask {
        let parts = word.split(separator: ":").map(String.init)
        var settings = GuestSettings()
        settings.labels = ["behaviour": parts.count > 1 ? parts[1] : "stays"]
        let gpus = parts.count > 2 ? Int(parts[2]) ?? 0 : 0
        return GuestTask(
            fleet: "lane", guest: parts[0], machineName: "lane-\(parts[0])", settings: settings,
            need: GuestNeed(gpus: gpus == 0 ? .none : .count(gpus, pattern: nil), memoryBytes: 64 << 20, cpus: 1),
            action: .create)
    }

    private static func task(_ spool: SlurmSpool, _ number: Int) async {
        let signals = await UnixSignalsSequence(trapping: .sigterm)
        let work = Task {
            await SlurmTask(
                spool: spool, number: number, environment: ProcessInfo.processInfo.environment,
                performer: SimulatedPerformer(log: spool.folder + "/power.log"),
                now: { Date().timeIntervalSince1970 }
            ).run()
        }
        let watcher = Task {
            for await _ in signals { work.cancel() }
        }
        let status = await work.value
        watcher.cancel()
        exit(status)
    }

    static func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

/// Guests that do what their label `behaviour` says, and write when they go on and off.
private struct SimulatedPerformer: SlurmPerformer {
    var log: String

    func perform(
        _ task: GuestTask, gpus: [PCIAddress], attempt: Int, wasUp: Bool, progress: @escaping @Sendable (String) -> Void
    ) async throws -> any SlurmGuest {
        let behaviour = task.settings.labels?["behaviour"] ?? ""
        progress("booting \(task.machineName), \(behaviour)")
        if behaviour == "broken" || behaviour == "flaky" && attempt == 0 {
            throw Failure(
                .guestDidNotBoot, operation: "boot \(task.guest)", message: "\(task.guest) is \(behaviour).",
                remedy: "It is meant to.", retryable: behaviour == "flaky", side: .guest)
        }
        if behaviour == "slow" { try await Task.sleep(for: .seconds(600)) }
        let guest = SimulatedGuest(name: task.guest, log: log, endsItself: behaviour == "ends")
        guest.write("\(wasUp ? "again " : "")on \(ProcessInfo.processInfo.environment["SLURMD_NODENAME"] ?? "")")
        return guest
    }
}

private struct SimulatedGuest: SlurmGuest {
    var name: String
    var log: String
    var endsItself: Bool

    var sshPort: UInt16? { 2222 }
    var proof: MachineProof? { nil }

    func stay(grace: Duration) async throws {
        try? await Task.sleep(for: .seconds(endsItself ? 1 : 3600))
        write(Task.isCancelled ? "off, told to" : "off, by itself")
    }

    /// One write to a file opened for appending is one line, whoever else writes.
    func write(_ words: String) {
        let file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard file >= 0 else { return }
        let line = Array("\(name) \(words)\n".utf8)
        _ = Glibc.write(file, line, line.count)
        close(file)
    }
}
