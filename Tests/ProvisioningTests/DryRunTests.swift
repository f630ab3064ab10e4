import Contract
import Guest
import GuestFakes
import Testing

@testable import Provisioning

@Suite struct DryRunTests {
    private static func verdicts(_ told: DryRun) -> [StepID: DryRun.Verdict] {
        Dictionary(uniqueKeysWithValues: told.steps.map { ($0.id, $0.verdict) })
    }

    @Test func tellsOfAFreshMachineAndChangesNothing() async throws {
        let machine = try SimulatedGuest()
        let before = machine.tree
        let told = await DryRunner(machine.guest).run(SimulatedRun.plan)
        #expect(machine.tree.differences(from: before) == [])
        #expect(told.steps.map(\.id) == SimulatedRun.plan.steps.map(\.id))
        let verdicts = Self.verdicts(told)
        #expect(verdicts[.inspect] == .satisfied && verdicts[.prerequisites] == .needed)
        #expect(verdicts[.blacklistNouveau] == .needed && verdicts[.driver] == .needed)
        #expect(told.steps.allSatisfy { $0.verdict != .blocked && !$0.reasons.isEmpty })
        let lines = told.lines
        #expect(
            lines.contains("blacklist nouveau: would be done") && lines.contains("look at the machine: done already"))
    }

    @Test func tellsOfAFinishedMachine() async throws {
        let machine = try SimulatedGuest()
        try await SimulatedRun.finish(SimulatedRun.plan, on: machine)
        let before = machine.tree
        let told = await DryRunner(machine.guest).run(SimulatedRun.plan)
        let undo = await DryRunner(machine.guest).run(Plan.undo(packages: true, runID: "u"))
        #expect(machine.tree.differences(from: before) == [])
        // Proofs are made afresh each time.
        let proofs = SimulatedRun.plan.steps.filter { $0.flavour == .proof }.map(\.id)
        #expect(told.steps.filter { $0.verdict != .satisfied }.map(\.id) == proofs)

        let actions = undo.steps.flatMap(\.actions)
        #expect(actions.contains(.run("/usr/bin/nvidia-uninstall --silent")))
        #expect(actions.contains(.run(SimulatedGuest.toolkit + "/bin/cuda-uninstaller --silent")))
        #expect(actions.contains(.remove(path: BlacklistNouveau.file)))
        #expect(undo.steps.filter { $0.verdict == .needed }.allSatisfy { !$0.actions.isEmpty })
    }

    struct Blind: Step {
        let id = StepID("blind")
        let title = "see nothing"
        func check(_ context: StepContext) async throws -> CheckResult {
            _ = try await context.run(Command(["rm", "-rf", "/"]))
            return .satisfied([])
        }
        func apply(_ context: StepContext) async throws -> ApplyResult { .applied }
        func verify(_ context: StepContext) async throws -> [String] { [] }
    }

    /// A check that would change something is refused, and the step says that it cannot tell.
    @Test func runsNothingThatChanges() async throws {
        let machine = try SimulatedGuest()
        let ran = machine.ran.count
        let told = await DryRunner(machine.guest).run(SimulatedRun.plan, steps: [BlacklistNouveau(), Blind()])
        #expect(told.steps[1].verdict == .unknown)
        #expect(told.steps[1].reasons[0].contains("blacklist nouveau") && told.steps[1].reasons[0].contains("rm -rf /"))
        #expect(!machine.ran.dropFirst(ran).contains { $0.hasPrefix("rm") })
    }

    @Test(
        arguments: [
            ("gcc-12 -dumpversion", true), ("/usr/local/cuda/bin/nvcc --version", true), ("gcc x.c", false),
            ("modprobe -r nouveau", false), ("systemctl enable x", false), ("systemctl is-enabled x", true),
            ("ldconfig", false), ("ldconfig -p", true), ("rpm -e gcc", false), ("rpm -q gcc", true),
            ("dpkg --purge gcc", false), ("sh --version", false),
        ])
    func knowsWhoLooks(_ line: String, _ looks: Bool) {
        #expect(LookingRunner.looks(Command(line.split(separator: " ").map { String($0) })) == looks)
    }
}
