import Contract
import Guest
import GuestFakes
import Synchronization
import Testing

@testable import Provisioning

@Suite struct TelemetryStepTests {
    private static let files = ["/etc/systemd/system/x": ""]
    private static let step = SetUpTelemetry(recipe: TelemetryRecipe(intervalSeconds: 2))

    @Test func installsEnablesAndStarts() async throws {
        let active = Mutex(false)
        let bench = Mutex<Bench?>(nil)
        let made = try Bench(
            Self.files,
            [
                "systemctl is-active": { _ in
                    CommandResult(.exited(0), output: active.withLock { $0 } ? "active\n" : "inactive\n")
                },
                "systemctl daemon-reload": FakeRunner.says(""),
                "systemctl enable \(TelemetryUnit.name)": { _ in
                    try bench.withLock { try $0?.fake.link(TelemetryUnit.wantedPath, TelemetryUnit.path) }
                    return CommandResult(.exited(0))
                },
                "systemctl restart \(TelemetryUnit.name)": { _ in
                    active.withLock { $0 = true }
                    return CommandResult(.exited(0))
                },
            ])
        bench.withLock { $0 = made }
        defer { bench.withLock { $0 = nil } }
        let step = Self.step
        #expect(needed(try await step.check(made.context())))
        let preview = try await step.preview(made.context())
        #expect(made.runner.ran.isEmpty)
        #expect(try await step.apply(made.context()) == .applied)
        #expect(satisfied(try await step.check(made.context())))
        #expect(try await step.verify(made.context()) == ["\(TelemetryUnit.name) is enabled and active"])
        let text = try made.fake.root.text(TelemetryUnit.path)
        #expect(preview.first == .write(path: TelemetryUnit.path, text: text))
        #expect(text.contains("ExecStart=/usr/local/libexec/gpu-guest-agent sample --port --interval 2\n"))
        let changed = try made.context().changes.read()
        #expect(changed.pending(TelemetryUnit.path) != nil && changed.pending(TelemetryUnit.wantedPath) != nil)
        // Another interval is another unit; one that stopped is started again.
        let other = SetUpTelemetry(recipe: TelemetryRecipe(intervalSeconds: 0.5))
        #expect(needed(try await other.check(made.context())))
        #expect(TelemetryUnit.text(other.recipe).contains("--interval 0.5\n"))
        active.withLock { $0 = false }
        #expect(needed(try await step.check(made.context())))
    }

    @Test func tellsWhyItDoesNotStart() async throws {
        let bench = try Bench(
            Self.files,
            [
                "systemctl daemon-reload": FakeRunner.says(""), "systemctl enable": FakeRunner.says(""),
                "systemctl restart": FakeRunner.says("", status: 1),
                "systemctl status": FakeRunner.says("status=203/EXEC\n", status: 3),
            ])
        let failure = await #expect(throws: Failure.self) { try await Self.step.apply(bench.context()) }
        #expect(failure?.evidence == ["status=203/EXEC"])
    }

    /// SSH may answer before a boot is over: what systemd has yet to start is waited for, and nothing else is started.
    @Test(arguments: [("Job=217\n", true), ("Job=0\n", false), ("Job=\n", false), ("", false)])
    func isWaitedForEarlyInABoot(_ shown: String, _ isQueued: Bool) async throws {
        let active = Mutex(false)
        let bench = try Bench(
            Self.files,
            [
                "systemctl is-active": { _ in
                    CommandResult(.exited(0), output: active.withLock { $0 } ? "active\n" : "inactive\n")
                },
                "systemctl show --property=Job \(TelemetryUnit.name)": FakeRunner.says(shown),
                "systemctl start \(TelemetryUnit.name)": { _ in
                    active.withLock { $0 = true }
                    return CommandResult(.exited(0))
                },
                "systemctl status": FakeRunner.says("inactive (dead)\n", status: 3),
            ])
        let evidence = try? await Self.step.verify(bench.context())
        #expect((evidence != nil) == isQueued)
        #expect(bench.runner.ran.contains { $0.hasPrefix("systemctl start") } == isQueued)
    }

    @Test func itsPlaceInThePlan() {
        let telemetry = TelemetryRecipe()
        func steps(_ recipe: Recipe) -> [StepID] { Plan(runID: "r", recipe: recipe, payloads: []).steps.map(\.id) }
        #expect(steps(Recipe(gpus: [], driver: Bench.driver, telemetry: telemetry)).last == .telemetry)
        #expect(!steps(Recipe(gpus: [], driver: Bench.driver)).contains(.telemetry))
        // For a machine that has a driver already.
        #expect(steps(Recipe(gpus: [], telemetry: telemetry)) == [.inspect, .telemetry])
    }

    /// One that ran goes on, whatever came of the work; one that did not is not started.
    @Test(arguments: [(true, true), (true, false), (false, true)])
    func theSamplerLetsGoOfTheDriverMeanwhile(_ ran: Bool, _ succeeds: Bool) async throws {
        let bench = try Bench(
            [TelemetryUnit.path: ""],
            [
                "systemctl is-active": FakeRunner.says(ran ? "active\n" : "inactive\n"),
                "systemctl stop": FakeRunner.says(""), "systemctl start": FakeRunner.says(""),
                "work": FakeRunner.says(""),
            ])
        let context = bench.context()
        let result = try? await TelemetryUnit.whileStopped(context) {
            _ = try await context.run(Command(["work"]))
            guard succeeds else { throw Failure.guest(.driverInstall, "o", "m", remedy: "r") }
            return 1
        }
        #expect((result != nil) == succeeds)
        let unit = TelemetryUnit.name
        #expect(
            bench.runner.ran
                == ["systemctl is-active \(unit)"] + (ran ? ["systemctl stop \(unit)"] : []) + ["work"]
                + (ran ? ["systemctl start \(unit)"] : []))
    }

    @Test func whereThereIsNoneNothingIsAsked() async throws {
        let bench = try Bench()
        #expect(try await TelemetryUnit.whileStopped(bench.context()) { 1 } == 1)
        #expect(bench.runner.ran.isEmpty)
    }
}
