import Contract
import FoundationEssentials
import HostFakes
import Synchronization
import Testing

@testable import Fleet

/// A whole fleet through Slurm in memory: at each pause, what waits in the queue runs.
struct SlurmFleetTests {
    private static let digest = String(repeating: "a", count: 64)

    /// What the jobs did, and are to do.
    private final class Jobs: Sendable {
        /// Guests whose jobs fail.
        let failing = Mutex<Set<String>>([])
        private let begun = Mutex<[String]>([])

        func begin(_ words: String) { begun.withLock { $0.append(words) } }

        /// Those that began since it was asked last, in order.
        func began() -> [String] {
            begun.withLock { begun in
                defer { begun = [] }
                return begun
            }
        }
    }

    private struct Lab {
        let folder: TemporaryFolder
        let slurm = FakeSlurm()
        let site: SlurmSite
        let fleet: SlurmFleet
        let jobs = Jobs()

        init() throws {
            folder = try TemporaryFolder()
            var site = SlurmSite(shared: folder.path)
            site.graceSeconds = 20
            self.site = site
            let (spool, slurm, jobs, goldens) = (site.spool(fleet: "lab"), slurm, jobs, site.goldens)
            let engine = SlurmEngine(spool: spool, site: site, tool: ["/tool"], tools: slurm) { _ in
                for queued in slurm.tasks where queued.state.isWaiting {
                    guard let first = JobName(queued.name)?.first else { continue }
                    let task = try spool.task(first + queued.index)
                    jobs.begin("\(task.action.rawValue) \(task.guest)")
                    let fails = jobs.failing.withLock { $0.contains(task.guest) }
                    var result = TaskResult(
                        state: fails ? .failed : task.builds == nil ? .running : .ended, job: queued.element,
                        attempt: 0, node: "node1", at: 0)
                    if fails {
                        result.failure = Failure(
                            .driverBuild, operation: "build", message: "It does not build.", remedy: "Look.",
                            side: .guest)
                    } else if let digest = task.builds {
                        try FileManager.default.createDirectory(
                            atPath: goldens, withIntermediateDirectories: true)
                        for ending in ["qcow2", "json"] {
                            try Data("x".utf8).write(to: URL(filePath: "\(goldens)/\(digest).\(ending)"))
                        }
                    }
                    try spool.write(result, first + queued.index)
                    slurm.set(
                        queued.element, fails ? "FAILED" : task.builds == nil ? "RUNNING" : "COMPLETED", node: "node1")
                }
            }
            fleet = SlurmFleet(engine, site)
        }

        /// Plans and carries out, as `apply` does.
        func apply(
            _ names: [String], memory: Int64 = 1 << 30, narrow: (FleetPlan) -> FleetPlan = { $0 }
        ) async throws -> (plan: FleetPlan, states: [(guest: String, state: SlurmGuestState)]) {
            var settings = GuestSettings()
            settings.image = "image"
            settings.memoryBytes = memory
            let manifest = FleetManifest(
                name: "lab",
                guests: names.map { DeclaredGuest(name: $0, settings: settings, mark: TextMark(line: 1, column: 1)) })
            let plan = narrow(FleetPlan(manifest, try await fleet.reality()) { _ in SlurmFleetTests.digest })
            let order = FleetOrder(
                plan, manifest, digest: { _ in SlurmFleetTests.digest }, records: [], running: { _ in nil }, hostCPUs: 4
            )
            return (plan, try await fleet.carryOut(order, jobs: nil) { _ in })
        }
    }

    private func inLab(_ body: (Lab) async throws -> Void) async throws {
        let lab = try Lab()
        defer { lab.folder.remove() }
        try await body(lab)
    }

    @Test func theImageIsBuiltByAJobAndThenTheGuestsRun() async throws {
        try await inLab { lab in
            let (plan, states) = try await lab.apply(["a", "b"])
            #expect(plan.guests.map(\.action) == [.create, .create])
            #expect(lab.jobs.began() == ["create golden/aaaaaaaaaaaaaaaa", "create a", "create b"])
            #expect(states.map(\.guest) == ["a", "b"])
            #expect(states.allSatisfy { if case .running = $0.state { true } else { false } })
            let again = try await lab.apply(["a", "b"])
            #expect(again.plan.isEmpty && again.states.isEmpty && lab.jobs.began().isEmpty)
            let status = try await lab.fleet.status()
            #expect(status.map(\.guest) == ["a", "b"], "builds are no guests")
        }
    }

    @Test func whatChangesIsStoppedAndSubmittedAnewAndWhatGoesIsGone() async throws {
        try await inLab { lab in
            _ = try await lab.apply(["a", "b", "c"])
            _ = lab.jobs.began()
            let (plan, _) = try await lab.apply(["a", "b"], memory: 2 << 30)
            #expect(plan.guests.map(\.action) == [.restart, .restart, .destroy])
            #expect(lab.jobs.began() == ["restart a", "restart b"])
            let names = try await lab.fleet.reality().guests.keys.sorted()
            #expect(names == ["a", "b"])
            let reimaged = try await lab.apply(["a", "b"], memory: 2 << 30) { $0.only { $0 == "b" }.reimaging() }
            #expect(reimaged.plan.guests.map(\.action) == [.reimage])
            #expect(lab.jobs.began() == ["reimage b"])
            let gone = try await lab.apply([])
            #expect(gone.plan.count(.destroy) == 2)
            let left = try await lab.fleet.reality().guests
            #expect(left.isEmpty)
            let open = lab.slurm.tasks.filter { !$0.state.isOver }
            #expect(open.isEmpty)
        }
    }

    @Test func withoutItsImageNoGuestIsSubmitted() async throws {
        try await inLab { lab in
            lab.jobs.failing.withLock { _ = $0.insert("golden/aaaaaaaaaaaaaaaa") }
            let (_, states) = try await lab.apply(["a"])
            #expect(lab.jobs.began() == ["create golden/aaaaaaaaaaaaaaaa"])
            guard states.count == 1, case .failed(let failure) = states[0].state else {
                Issue.record("\(states)")
                return
            }
            #expect(failure.message == "It does not build.")
            lab.jobs.failing.withLock { $0 = [] }
            _ = try await lab.apply(["a"])
            #expect(lab.jobs.began() == ["create golden/aaaaaaaaaaaaaaaa", "create a"])
        }
    }

    /// A disk that a guest has written to goes only where somebody says so: neither for a start that failed (the GPU of that node, say)
    /// nor for a guest that was up and crashed.
    @Test(arguments: [TaskResult.State.ended, .failed]) func aDiskThatWasInUseOutlivesAFailure(
        _ end: TaskResult.State
    ) async throws {
        try await inLab { lab in
            _ = try await lab.apply(["a"])
            let spool = lab.site.spool(fleet: "lab")
            let number = try #require(try spool.header()?.guests["a"])
            var result = try #require(spool.result(number))
            (result.state, result.wasUp) = (end, true)
            if end == .failed {
                result.failure = Failure(
                    .qemuExited, operation: "run a", message: "It crashed.", remedy: "Look.", side: .host)
            }
            try spool.write(result, number)
            lab.slurm.set(result.job, end == .failed ? "FAILED" : "COMPLETED", node: "node1")
            lab.jobs.failing.withLock { _ = $0.insert("a") }
            _ = lab.jobs.began()
            for _ in 1...2 {
                let (plan, _) = try await lab.apply(["a"])
                #expect(plan.guests.map(\.action) == [.start] && plan.guests.allSatisfy { !$0.losesDisk })
            }
            #expect(lab.jobs.began() == ["start a", "start a"])
        }
    }

    @Test func aGuestThatFailedIsMadeAnew() async throws {
        try await inLab { lab in
            lab.jobs.failing.withLock { _ = $0.insert("a") }
            _ = try await lab.apply(["a"])
            lab.jobs.failing.withLock { $0 = [] }
            _ = lab.jobs.began()
            let (plan, _) = try await lab.apply(["a"])
            #expect(plan.guests.map(\.action) == [.reimage])
            #expect(lab.jobs.began() == ["reimage a"])
        }
    }
}
