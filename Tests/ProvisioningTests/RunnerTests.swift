import Contract
import Guest
import GuestFakes
import Synchronization
import Testing

@testable import Provisioning

/// A step whose answers are given by the test.
struct ScriptedStep: Step {
    let id: StepID
    var title: String { id.rawValue }
    var onCheck: @Sendable (StepContext) async throws -> CheckResult = { _ in .needed("it is") }
    var onApply: @Sendable (StepContext) async throws -> ApplyResult = { _ in .applied }
    var onVerify: @Sendable (StepContext) async throws -> [String] = { _ in ["proven"] }

    func check(_ context: StepContext) async throws -> CheckResult { try await onCheck(context) }
    func apply(_ context: StepContext) async throws -> ApplyResult { try await onApply(context) }
    func verify(_ context: StepContext) async throws -> [String] { try await onVerify(context) }
}

@Suite struct RunnerTests {
    private static func run(_ steps: [any Step], reboot: @escaping @Sendable () async throws -> Void = {})
        async throws -> (Runner.Ending, [Event])
    {
        let fake = try FakeRoot(["/proc/sys/kernel/random/boot_id": "b"])
        let journal = try Journal.open(fake.root, boot: "b")
        try journal.append(.planAccepted(JournalTests.plan))
        let effects = Runner.Effects(reboot: reboot, sleep: { _ in }, finished: {})
        let guest = Guest(root: fake.root, runner: FakeRunner([:]))
        let ending = try await Runner(guest: guest, steps: steps, journal: journal, effects: effects).run()
        return (ending, journal.records.map(\.event))
    }

    static let failure = Failure(.driverBuild, operation: "o", message: "m", remedy: "r", side: .guest)

    @Test func aFailureEndsTheRunAndIsKept() async throws {
        let broken = ScriptedStep(id: "broken", onApply: { _ in throw Self.failure })
        let (ending, events) = try await Self.run([broken, ScriptedStep(id: "after")])
        #expect(ending == .finished(succeeded: false))
        #expect(events.suffix(2) == [.stepFailed("broken", Self.failure), .finished(succeeded: false)])
    }

    @Test func aProofThatFailsAfterTheChangeFailsTheStep() async throws {
        let (_, events) = try await Self.run([ScriptedStep(id: "s", onVerify: { _ in throw Self.failure })])
        #expect(events.contains(.stepApplied("s")) && events.contains(.stepFailed("s", Self.failure)))
    }

    @Test func whatIsNoFailureBecomesOne() async throws {
        struct Odd: Error {}
        let (_, events) = try await Self.run([ScriptedStep(id: "s", onCheck: { _ in throw Odd() })])
        guard case .stepFailed("s", let failure) = events[events.count - 2] else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == .internal)
    }

    @Test func theCheckIsTheHostsAnswer() async throws {
        let asked = Mutex(0)
        let step = ScriptedStep(
            id: "gpu",
            onCheck: { _ in
                asked.withLock {
                    $0 += 1
                    return $0 < 4 ? .needed("no GPU") : .satisfied(["there"])
                }
            }, onApply: { _ in .needsHost(.attachGPU, "no GPU") })
        let (ending, events) = try await Self.run([step])
        #expect(ending == .finished(succeeded: true))
        #expect(events.map(\.kind).suffix(4) == ["hostNeeded", "stepApplied", "stepVerified", "finished"])
    }

    @Test func followsToTheEndAndNotFurther() async throws {
        let fake = try FakeRoot(["/proc/uptime": "1000.0 1"])
        let guest = Guest(root: fake.root, runner: FakeRunner([:]))
        let lines = Mutex<[String]>([])
        var timing = JournalFollower.Timing()
        (timing.poll, timing.heartbeat, timing.grace) = (.milliseconds(10), .zero, .milliseconds(300))
        let follower = JournalFollower(guest, timing: timing) { line in lines.withLock { $0.append(line) } }
        #expect(try await follower.follow(after: 0) == .noJournal)

        let journal = try Journal.open(fake.root, boot: "b")
        try journal.append(.planAccepted(JournalTests.plan))
        try journal.append(.progress("s", message: "1"))
        #expect(try await follower.follow(after: 1) == .agentGone)
        let seen = lines.withLock { $0 }
        #expect(seen.filter { !$0.isEmpty }.count == 1 && seen.contains(""))

        // Patient: on a busy machine the last record may take its time.
        timing.grace = .seconds(60)
        let patient = JournalFollower(guest, timing: timing) { line in lines.withLock { $0.append(line) } }
        async let ending = patient.follow(after: 2)
        try await Task.sleep(for: .milliseconds(50))
        try journal.append(.finished(succeeded: true))
        #expect(try await ending == .finished)
        #expect(try JournalLine.decode(lines.withLock { $0.last ?? "" }).seq == 3)
    }

    /// The long patience at a boot's beginning is for a unit that has not started yet, not for an agent that was killed.
    @Test func agentKilledSoonAfterTheBootIsGoneSoon() async throws {
        let fake = try FakeRoot(["/proc/uptime": "10.0 1", "/proc/sys/kernel/random/boot_id": "b\n"])
        var timing = JournalFollower.Timing()
        (timing.poll, timing.heartbeat) = (.milliseconds(10), .zero)
        (timing.grace, timing.bootGrace) = (.milliseconds(50), .seconds(3600))
        let follower = JournalFollower(Guest(root: fake.root, runner: FakeRunner([:])), timing: timing) { _ in }
        let journal = try Journal.open(fake.root, boot: "b")
        try journal.append(.planAccepted(JournalTests.plan))
        try journal.append(.agentStarted(version: "1"))
        #expect(try await follower.follow(after: 0) == .agentGone)
    }
}

@Suite struct RunLockTests {
    @Test func waitsForAMomentsHolder() async throws {
        let fake = try FakeRoot()
        var held = try RunLock.take(fake.root)
        #expect(try RunLock.take(fake.root) == nil && held != nil)
        #expect(try await RunLock.take(fake.root, patience: .milliseconds(150)) == nil)
        async let waiting = RunLock.take(fake.root, patience: .seconds(60))
        try await Task.sleep(for: .milliseconds(150))
        held = nil
        #expect(try await waiting != nil)
    }
}

@Suite struct AgentInstallationTests {
    @Test func writesTheUnitOnce() async throws {
        let fake = try FakeRoot([
            "/etc/systemd/system/x": "", "/new": "agent", "/usr/local/libexec/gpu-guest-agent.new": "",
        ])
        let runner = FakeRunner([
            "install -m 0755": FakeRunner.says(""), "restorecon": { _ in CommandResult(.notFound) },
            "systemctl daemon-reload": FakeRunner.says(""), "cmp -s": FakeRunner.says(""),
        ])
        let installation = AgentInstallation(Guest(root: fake.root, runner: runner))
        #expect(try await installation.install(from: "/new").count == 2)
        try fake.write(AgentInstallation.program, "agent")
        #expect(try await installation.install(from: "/new").isEmpty)
        #expect(runner.ran.filter { $0.hasSuffix("daemon-reload") }.count == 1)
    }
}
