import Contract
import Host
import HostFakes
import Passthrough
import Provisioner
import Synchronization
import Testing

@testable import Fleet

struct SlurmTaskTests {
    private let failure = Failure(
        .guestDidNotBoot, operation: "boot", message: "It did not boot.", remedy: "Look.", retryable: true, side: .guest
    )

    /// Makes guests that are no VMs.
    private final class Performer: SlurmPerformer {
        enum Behaviour: Sendable {
            case fails(Failure)
            /// It is never up.
            case hangs
            case endsAtOnce
            /// It is up until it is told to end.
            case stays
            case crashes(Failure)
        }

        let behaviour: Behaviour
        let calls = Mutex<[String]>([])
        /// Told once it is asked for a guest.
        let isAsked: AsyncStream<Void>
        private let asked: AsyncStream<Void>.Continuation
        /// Called while its guest is up.
        let up: @Sendable () -> Void

        init(_ behaviour: Behaviour, up: @escaping @Sendable () -> Void = {}) {
            self.behaviour = behaviour
            self.up = up
            (isAsked, asked) = AsyncStream.makeStream()
        }

        func perform(
            _ task: GuestTask, gpus: [PCIAddress], attempt: Int, wasUp: Bool,
            progress: @escaping @Sendable (String) -> Void
        ) async throws -> any SlurmGuest {
            calls.withLock {
                $0.append("\(task.guest) \(gpus.map(\.description)) attempt \(attempt)\(wasUp ? ", was up" : "")")
            }
            progress("booting")
            if case .fails(let failure) = behaviour { throw failure }
            asked.yield()
            if case .hangs = behaviour { try await Task.sleep(for: .seconds(600)) }
            return Guest(behaviour: behaviour, up: up)
        }

        struct Guest: SlurmGuest {
            var behaviour: Behaviour
            var up: @Sendable () -> Void
            var sshPort: UInt16? { 2201 }
            var proof: MachineProof? { MachineProof(evidence: ["it works"], isSimulated: true, seconds: 1) }

            func stay(grace: Duration) async throws {
                up()
                switch behaviour {
                case .crashes(let failure): throw failure
                case .stays: try? await Task.sleep(for: .seconds(600))
                case .fails, .hangs, .endsAtOnce: break
                }
            }
        }
    }

    private struct Lab {
        let folder: TemporaryFolder
        let spool: SlurmSpool
        let slurm = FakeSlurm()

        init(gpus: Int = 1) throws {
            folder = try TemporaryFolder()
            spool = SlurmSpool(folder: folder.path + "/spool")
            _ = try spool.open(fleet: "lab", arraySize: 1000) { "id" }
            try spool.write(
                try SlurmSiteReader.read(
                    "version: 1\nshared: /x\nnodes: [{names: node1, gpus: ['41:00.0', '42:00.0']}]",
                    home: ManifestHome(folder: "/", userHome: "/")))
            try spool.write(
                GuestTask(
                    fleet: "lab", guest: "a", machineName: "lab-a", settings: GuestSettings(),
                    need: GuestNeed(gpus: .count(gpus, pattern: nil), memoryBytes: 1 << 30, cpus: 1), action: .create),
                3)
        }

        func task(_ performer: any SlurmPerformer, attempt: Int = 0, job: Int = 7) -> SlurmTask {
            SlurmTask(
                spool: spool, number: 3,
                environment: [
                    "SLURM_ARRAY_JOB_ID": "\(job)", "SLURM_ARRAY_TASK_ID": "3", "SLURMD_NODENAME": "node1",
                    "SLURM_JOB_GPUS": "1", "SLURM_RESTART_COUNT": "\(attempt)",
                ], performer: performer, tools: slurm, now: { 1000 }, requeueDeadline: .milliseconds(1))
        }

        var events: [String] { spool.events(3, from: 0).events.map(\.message) }
    }

    private func inLab(gpus: Int = 1, _ body: (Lab) async throws -> Void) async throws {
        let lab = try Lab(gpus: gpus)
        defer { lab.folder.remove() }
        try await body(lab)
    }

    @Test func aGuestRunsAndEnds() async throws {
        try await inLab { lab in
            let seen = Mutex<TaskResult?>(nil)
            let performer = Performer(.endsAtOnce) { seen.withLock { $0 = lab.spool.result(3) } }
            #expect(await lab.task(performer).run() == 0)
            let running = try #require(seen.withLock { $0 })
            #expect(running.state == .running && running.wasUp && running.sshPort == 2201)
            #expect(running.proof?.evidence == ["it works"] && running.proof?.isSimulated == true)
            #expect(performer.calls.withLock { $0 } == ["a [\"0000:42:00.0\"] attempt 0"])
            let result = lab.spool.result(3)
            #expect(result?.state == .ended && result?.job == "7_3" && result?.node == "node1" && result?.at == 1000)
            #expect(lab.events == ["create a on node1", "booting", "running", "ended"])
            #expect(lab.slurm.log.isEmpty)
        }
    }

    @Test func toldToEndItPowersTheGuestOff() async throws {
        try await inLab { lab in
            let performer = Performer(.stays)
            let work = Task { await lab.task(performer).run() }
            for await _ in performer.isAsked { break }
            // It writes before it stays; a cancellation before that is one while the guest is made, and ends the same.
            work.cancel()
            #expect(await work.value == 0)
            #expect(lab.spool.result(3)?.state == .ended)
        }
    }

    @Test func toldToEndWhileTheGuestIsMadeItHasEnded() async throws {
        try await inLab { lab in
            let performer = Performer(.hangs)
            let work = Task { await lab.task(performer).run() }
            for await _ in performer.isAsked { break }
            work.cancel()
            #expect(await work.value == 0)
            #expect(lab.spool.result(3)?.state == .ended)
            #expect(lab.events.last == "ended: told to")
        }
    }

    @Test func aFailureThatMayPassIsQueuedAgainByTheJob() async throws {
        try await inLab { lab in
            lab.slurm.state.withLock {
                $0.tasks = [
                    QueuedTask(
                        job: 7, index: 3, state: .init("RUNNING"), reason: "", node: "node1", name: "lab.id.0")
                ]
            }
            let work = lab.task(Performer(.fails(failure)))
            #expect(await work.run() == failure.code.exitStatus)
            #expect(lab.slurm.log == [["scontrol", "requeue", "7_3"]])
            // Slurm took it back, and did not end this process: so its word is the last.
            #expect(lab.spool.result(3)?.state == .failed)
            #expect(lab.spool.result(3)?.failure?.cleanup == ["Slurm did not queue the job again."])
        }
    }

    @Test func endedBySlurmAfterItsRequeueItLeavesTheWordRetrying() async throws {
        try await inLab { lab in
            let ended = Mutex<Task<Int32, Never>?>(nil)
            let tools = EndingTools(slurm: lab.slurm) { ended.withLock { $0?.cancel() } }
            let (spool, failure) = (lab.spool, self.failure)
            let environment = [
                "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "3", "SLURMD_NODENAME": "node1",
                "SLURM_JOB_GPUS": "0",
            ]
            let (begin, gate) = AsyncStream<Void>.makeStream()
            let work = Task {
                for await _ in begin { break }
                return await SlurmTask(
                    spool: spool, number: 3, environment: environment, performer: Performer(.fails(failure)),
                    tools: tools, now: { 0 }, requeueDeadline: .seconds(600)
                ).run()
            }
            ended.withLock { $0 = work }
            gate.yield()
            #expect(await work.value == failure.code.exitStatus)
            #expect(lab.spool.result(3)?.state == .retrying && lab.spool.result(3)?.failure == failure)
        }
    }

    /// Slurm that ends the job as it puts it back.
    private struct EndingTools: SlurmTools {
        var slurm: FakeSlurm
        var end: @Sendable () -> Void

        func run(_ program: String, _ arguments: [String], operation: String) async throws -> ToolResult {
            let result = try await slurm.run(program, arguments, operation: operation)
            if program == "scontrol" { end() }
            return result
        }
    }

    /// A guest that crashed after days must not lose its disk because its task says `create`.
    @Test func aGuestThatWasUpIsKnownToHaveBeen() async throws {
        try await inLab { lab in
            let crashing = Performer(.crashes(failure))
            #expect(await lab.task(crashing).run() == 4)
            let failing = Performer(.fails(failure))
            #expect(await lab.task(failing, attempt: 1).run() == 4)
            let last = Performer(.endsAtOnce)
            #expect(await lab.task(last, attempt: 2).run() == 0)
            #expect(failing.calls.withLock { $0 } == ["a [\"0000:42:00.0\"] attempt 1, was up"])
            #expect(last.calls.withLock { $0 } == ["a [\"0000:42:00.0\"] attempt 2, was up"])
            // Another job's guest is another one.
            try lab.spool.clear(3)
            let next = Performer(.endsAtOnce)
            #expect(await lab.task(next, job: 8).run() == 0)
            #expect(next.calls.withLock { $0 } == ["a [\"0000:42:00.0\"] attempt 0"])
        }
    }

    @Test func theLastAttemptsFailureCounts() async throws {
        try await inLab { lab in
            let work = lab.task(Performer(.fails(failure)), attempt: SlurmTask.attempts - 1)
            #expect(await work.run() == 4)
            #expect(lab.slurm.log.isEmpty)
            #expect(lab.spool.result(3)?.state == .failed && lab.spool.result(3)?.failure == failure)
        }
    }

    @Test func aFailureThatStaysIsNotTriedAgain() async throws {
        try await inLab { lab in
            var failure = self.failure
            failure.retryable = false
            #expect(await lab.task(Performer(.crashes(failure))).run() == 4)
            #expect(lab.slurm.log.isEmpty && lab.spool.result(3)?.failure == failure)
            #expect(lab.events.last == "failed: It did not boot.")
        }
    }

    @Test func aRequeueThatSlurmRefusesIsAFailure() async throws {
        try await inLab { lab in
            lab.slurm.refuse("scontrol", "Requested operation is presently disabled\n")
            #expect(await lab.task(Performer(.fails(failure))).run() == 4)
            #expect(lab.spool.result(3)?.failure?.cleanup.count == 1)
        }
    }

    @Test func whatSlurmGaveWrongIsTold() async throws {
        try await inLab(gpus: 2) { lab in
            #expect(await lab.task(Performer(.endsAtOnce)).run() == 3)
            #expect(lab.spool.result(3)?.failure?.code == .gpuUnavailable)
        }
        try await inLab { lab in
            let task = SlurmTask(
                spool: lab.spool, number: 3, environment: [:], performer: Performer(.endsAtOnce), tools: lab.slurm,
                now: { 0 })
            #expect(await task.run() == 2)
        }
    }

    @Test func aSecondJobForTheSameGuestDoesNothing() async throws {
        try await inLab { lab in
            lab.slurm.state.withLock {
                $0.tasks = [
                    QueuedTask(
                        job: 5, index: 3, state: .init("RUNNING"), reason: "", node: "node2", name: "lab.id.0")
                ]
            }
            let seen1 = try lab.spool.take(3, for: .init(job: "5_3", node: "node2"))
            #expect(seen1 == nil)
            let performer = Performer(.endsAtOnce)
            #expect(await lab.task(performer).run() == 0)
            #expect(performer.calls.withLock { $0 }.isEmpty)
            // While nobody knows, neither: and what the other wrote stays.
            lab.slurm.refuse("squeue", "slurm_load_jobs error: Socket timed out\n")
            #expect(await lab.task(performer).run() != 0)
            #expect(performer.calls.withLock { $0 }.isEmpty && lab.spool.result(3) == nil)
            #expect(lab.slurm.log == [["scontrol", "requeue", "7_3"]])
            // Gone, it is no hindrance.
            lab.slurm.set("5_3", "COMPLETED")
            #expect(await lab.task(performer).run() == 0)
            #expect(performer.calls.withLock { $0 }.count == 1)
            // Nor if Slurm has forgotten it.
            lab.slurm.forget()
            #expect(await lab.task(performer, job: 8).run() == 0)
            #expect(performer.calls.withLock { $0 }.count == 2)
        }
    }
}
