import Contract
import HostFakes
import Synchronization
import Testing

@testable import Fleet

struct SlurmEngineTests {
    /// An engine over a spool of its own, and what happens at each of its pauses.
    private struct Lab {
        let folder: TemporaryFolder
        let slurm = FakeSlurm()
        let spool: SlurmSpool
        var site: SlurmSite

        init() throws {
            folder = try TemporaryFolder()
            spool = SlurmSpool(folder: folder.path + "/spool")
            site = SlurmSite(shared: folder.path)
            site.arraySize = 3
            site.graceSeconds = 20
        }

        func engine(_ pauses: [@Sendable () throws -> Void] = []) -> SlurmEngine {
            let left = Mutex(pauses)
            return SlurmEngine(spool: spool, site: site, tool: ["/tool", "task"], tools: slurm) { _ in
                let next = left.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                // A wait that nobody expected would be one for ever.
                guard let next else { throw FakeSlurm.Unexpected(words: ["pause"]) }
                try next()
            }
        }

        func task(_ guest: String, gpus: Int = 0) -> GuestTask {
            GuestTask(
                fleet: "lab", guest: guest, machineName: "lab-\(guest)", settings: GuestSettings(),
                need: GuestNeed(gpus: gpus == 0 ? .none : .count(gpus, pattern: nil), memoryBytes: 1 << 30, cpus: 1),
                action: .create)
        }

        func result(_ number: Int, _ state: TaskResult.State, _ job: String, node: String = "node1") throws {
            var result = TaskResult(state: state, job: job, attempt: 0, node: node, at: 0)
            if state == .failed {
                result.failure = Failure(
                    .guestDidNotBoot, operation: "boot", message: "No.", remedy: "Look.", side: .guest)
            }
            try spool.write(result, number)
        }

        var submissions: [[String]] { slurm.log.filter { $0[0] == "sbatch" } }
    }

    private func inLab(_ body: (inout Lab) async throws -> Void) async throws {
        var lab = try Lab()
        defer { lab.folder.remove() }
        try await body(&lab)
    }

    @Test func aNeedIsAnArrayAndAGuestAnElement() async throws {
        try await inLab { lab in
            let submission = try await lab.engine().submit(
                [lab.task("a"), lab.task("b", gpus: 2), lab.task("c"), lab.task("d")], jobs: 5)
            #expect(submission.submitted == ["a", "b", "c", "d"] && submission.jobs == [100, 101, 102])
            #expect(
                lab.submissions.map { $0.filter { $0.hasPrefix("--array") || $0.hasPrefix("--gres") } } == [
                    ["--array=0,2%5"], ["--array=0%5"], ["--array=1%5", "--gres=gpu:2"],
                ])
            let seen1 = try lab.spool.task(1).guest
            #expect(seen1 == "b")
            #expect(lab.folder.read("spool/array-3-1.sh").contains("exec /tool task \(lab.spool.folder) \"$((3 + "))
            let seen2 = try lab.spool.site()
            #expect(seen2 == lab.site)
            let seen3 = try await lab.engine().submit([])
            #expect(seen3 == SlurmEngine.Submission())
        }
    }

    @Test func nothingIsSubmittedTwice() async throws {
        try await inLab { lab in
            let all = [lab.task("a"), lab.task("b", gpus: 1), lab.task("c", gpus: 2)]
            // Killed after the second of three arrays, before it hears of it.
            lab.slurm.state.withLock { $0.diesAfter = 2 }
            await #expect(throws: FakeSlurm.Death.self) { try await lab.engine().submit(all) }
            lab.slurm.state.withLock { $0.diesAfter = nil }
            let submission = try await lab.engine().submit(all)
            #expect(submission.queued == ["a", "b"] && submission.submitted == ["c"])
            #expect(lab.slurm.tasks.count == 3)
            // Also with another size of arrays in the site file.
            lab.site.arraySize = 1
            let seen4 = try await lab.engine().submit(all).queued
            #expect(seen4 == ["a", "b", "c"])
            // What is over is begun anew, and what its job left is gone.
            try lab.result(0, .failed, "100_0")
            lab.slurm.set("100_0", "FAILED")
            let seen5 = try await lab.engine().submit(all).submitted
            #expect(seen5 == ["a"])
            #expect(lab.spool.result(0) == nil)
            let states = try await lab.engine().status(of: ["a"])
            #expect(states.map { $0.state } == [.waiting(reason: "Priority")])
        }
    }

    @Test func allMistakesAreToldAndNothingIsSubmitted() async throws {
        try await inLab { lab in
            _ = try await lab.engine().submit([lab.task("a")])
            await #expect(throws: Failures.self) {
                try await lab.engine().submit([lab.task("b"), lab.task("a", gpus: 1)])
            }
            var odd = lab.task("c")
            odd.need.gpus = .count(1, pattern: "A100")
            var other = lab.task("d")
            other.need.gpus = .addresses([])
            let tasks = [odd, other]
            do {
                _ = try await lab.engine().submit(tasks)
                Issue.record("nothing was thrown")
            } catch let failures as Failures {
                #expect(failures.all.count == 2)
            }
            #expect(lab.submissions.count == 1)
        }
    }

    @Test func whatSbatchSaysIsTold() async throws {
        try await inLab { lab in
            lab.slurm.refuse("sbatch", "sbatch: error: Invalid account\n")
            let failure = await failure { _ = try await lab.engine().submit([lab.task("a")]) }
            #expect(failure?.evidence == ["sbatch: error: Invalid account"] && failure?.retryable == false)
            let seen6 = try await lab.engine().submit([lab.task("a")]).submitted
            #expect(seen6 == ["a"])
        }
    }

    @Test func followTellsUntilAllIsSettled() async throws {
        try await inLab { lab in
            _ = try await lab.engine().submit([lab.task("a"), lab.task("b"), lab.task("c")])
            let (spool, slurm) = (lab.spool, lab.slurm)
            let written = { @Sendable (number: Int, state: TaskResult.State) throws in
                var result = TaskResult(
                    state: state, job: "100_\(number)", attempt: 0, node: "node\(number)", at: 0)
                if state == .failed {
                    result.failure = Failure(
                        .guestDidNotBoot, operation: "boot", message: "No.", remedy: "Look.", side: .guest)
                }
                try spool.write(result, number)
            }
            let engine = lab.engine([
                {
                    slurm.set("100_0", "RUNNING", node: "node0")
                    try spool.append(SlurmEvent(at: 1, attempt: 0, kind: "progress", message: "boots"), 0)
                },
                { slurm.refuse("squeue", "slurm_load_jobs error: Unable to contact slurm controller\n", times: 2) }, {},
                { slurm.set("100_1", "RUNNING", node: "node1") },
                {
                    try written(0, .running)
                    try written(1, .failed)
                    slurm.set("100_1", "FAILED", node: "node1")
                    slurm.set("100_2", "NODE_FAIL", node: "node2")
                },
                {}, {}, {},
            ])
            let news = Mutex<[String]>([])
            let states = try await engine.follow { piece in
                news.withLock { news in
                    switch piece {
                    case .state(let guest, .running(let result)): news.append("\(guest) runs on \(result.node)")
                    case .state(let guest, .failed(let failure)): news.append("\(guest): \(failure.message)")
                    case .state(let guest, let state): news.append("\(guest) \(state)")
                    case .event(let guest, let event): news.append("\(guest) \(event.message)")
                    case .cutOff(let guest): news.append("\(guest) was cut off")
                    case .silence: news.append("silence")
                    }
                }
            }
            #expect(
                news.withLock { $0 } == [
                    #"a waiting(reason: "Priority")"#, #"b waiting(reason: "Priority")"#,
                    #"c waiting(reason: "Priority")"#, "a boots", #"a starting(node: "node0")"#, "silence", "silence",
                    #"b starting(node: "node1")"#, "a runs on node0", "b: No.", "c settling",
                    "c: The job 100_2 of c lost its node node2.",
                ])
            #expect(states.map { $0.guest } == ["a", "b", "c"])
        }
    }

    @Test func aSlurmThatNeverAnswersIsGivenUp() async throws {
        try await inLab { lab in
            _ = try await lab.engine().submit([lab.task("a")])
            lab.slurm.refuse("squeue", "slurm_load_jobs error: Socket timed out\n", times: 100)
            let pauses = Array(repeating: { @Sendable () throws in }, count: SlurmEngine.silences)
            let engine = lab.engine(pauses)
            let failure = await failure { _ = try await engine.follow { _ in } }
            #expect(failure?.code == .commandFailed)
        }
    }

    @Test func stopTellsJobsToPowerOffAndForcesThoseThatDoNot() async throws {
        try await inLab { lab in
            _ = try await lab.engine().submit([lab.task("a"), lab.task("b"), lab.task("c")])
            lab.slurm.set("100_0", "RUNNING", node: "node1")
            lab.slurm.set("100_1", "RUNNING", node: "node1")
            let seen7 = try await lab.engine([{}]).stop(["a", "c"])
            #expect(seen7 == [])
            #expect(
                lab.slurm.log.suffix(2) == [
                    ["scancel", "--quiet", "100_2"], ["scancel", "--quiet", "--batch", "--signal=TERM", "100_0"],
                ])
            lab.slurm.state.withLock { $0.obeys = false }
            // A look each 5 s: 20 s of grace and 30.
            let engine = lab.engine(Array(repeating: {}, count: 11))
            let seen8 = try await engine.stop()
            #expect(seen8 == ["b"])
            #expect(
                lab.slurm.log.suffix(2) == [
                    ["scancel", "--quiet", "--batch", "--signal=TERM", "100_1"], ["scancel", "--quiet", "100_1"],
                ])
            let seen9 = try await lab.engine().stop()
            #expect(seen9 == [])
        }
    }

    @Test func requeueSubmitsTheSameTaskAnew() async throws {
        try await inLab { lab in
            _ = try await lab.engine().submit([lab.task("a"), lab.task("b")])
            lab.slurm.set("100_0", "RUNNING", node: "node1")
            let submission = try await lab.engine([{}]).requeue(["a"])
            #expect(submission.submitted == ["a"] && submission.jobs == [101])
            let seen10 = try lab.spool.task(0)
            #expect(seen10 == lab.task("a"))
            await #expect(throws: Failure.self) { try await lab.engine().requeue(["never"]) }
        }
    }

    @Test func aFleetThatWasNeverSubmittedIsNone() async throws {
        try await inLab { lab in
            await #expect(throws: Failure.self) { try await lab.engine().status() }
        }
    }
}
