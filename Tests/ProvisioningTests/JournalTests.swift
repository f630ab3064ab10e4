import Contract
import Guest
import GuestFakes
import Provisioning
import SystemPackage
import Testing

@Suite struct JournalTests {
    static let plan = Plan(
        runID: "r1", recipe: Recipe(gpus: [.simulated]), payloads: [])

    @Test func remembers() throws {
        let fake = try FakeRoot()
        let journal = try Journal.open(fake.root, boot: "b") { 7 }
        try journal.append(.planAccepted(Self.plan))
        try journal.append(.progress("a", message: "…"))
        try journal.append(.stepStarted("a", reason: "r"))
        let again = try Journal.open(fake.root, boot: "c") { 8 }
        #expect(again.plan == Self.plan && again.lastSeq == 3 && again.succeeded == nil)
        #expect(again.records.map(\.seq) == [1, 3])
        try again.append(.finished(succeeded: true))
        #expect(try Journal.open(fake.root, boot: "c").succeeded == true)
    }

    @Test(arguments: [1, 20, 60]) func dropsATornLine(_ cut: Int) throws {
        let fake = try FakeRoot()
        let journal = try Journal.open(fake.root, boot: "b")
        try journal.append(.planAccepted(Self.plan))
        try journal.append(.stepStarted("a", reason: "r"))
        let text = try fake.root.text(StateFolder.journal)
        try fake.root.write(String(text.dropLast(cut)), to: StateFolder.journal)
        let again = try Journal.open(fake.root, boot: "b")
        #expect(again.lastSeq == 1)
        try again.append(.stepStarted("a", reason: "r"))
        #expect(try Journal.open(fake.root, boot: "b").records.map(\.seq) == [1, 2])
    }

    @Test func refusesAGapAndNonsense() throws {
        for text in [
            "{\"seq\":2}\n", "nonsense\n", "{\"boot\":\"b\",\"event\":{\"kind\":\"x\"},\"seq\":2,\"time\":1}\n",
        ] {
            let fake = try FakeRoot([StateFolder.journal: text])
            let failure = #expect(throws: Failure.self) { try Journal.open(fake.root, boot: "b") }
            #expect(failure?.code == .planRefused)
        }
    }

    /// A control character becomes six bytes: what is written can be read again.
    @Test func writesNoLineThatItWouldRefuse() throws {
        let fake = try FakeRoot()
        let journal = try Journal.open(fake.root, boot: "b")
        let text = String(repeating: "\u{1b}", count: ToolOutput.limit)
        try journal.append(
            .output("a", ToolOutput(name: "n", source: "s", exitStatus: 0, text: text, truncated: false)))
        try journal.append(
            .stepFailed(
                "a",
                Failure(
                    .internal, operation: "o", message: "m", evidence: Array(repeating: text, count: 20),
                    remedy: "r", side: .guest)))
        #expect(throws: Failure.self) {
            try journal.append(.warning(nil, message: String(repeating: "x", count: JournalLine.limit)))
        }
        try journal.append(.finished(succeeded: false))
        #expect(try Journal.open(fake.root, boot: "b").lastSeq == 3)
        let output = ToolOutput(name: "n", source: "s", exitStatus: 0, text: "a\0\tb\n", truncated: false)
        #expect(output.text == "a?\tb\n")
    }

    @Test func keepsRootsFilesToRoot() throws {
        let fake = try FakeRoot()
        _ = try Journal.open(fake.root, boot: "b")
        let mode = try FileDescriptor.open(FilePath(fake.root.real(StateFolder.journal)), .readOnly)
        try mode.close()
        #expect(fake.root.list(StateFolder.path) == ["journal.jsonl", "logs"])
    }
}

@Suite struct PlanAdmissionTests {
    static func guest() throws -> (FakeRoot, Guest) {
        let fake = try FakeRoot(["/proc/sys/kernel/random/boot_id": "b\n"])
        return (fake, Guest(root: fake.root, runner: FakeRunner([:])))
    }

    @Test func beginsContinuesRefusesAndArchives() throws {
        let (fake, guest) = try Self.guest()
        var plan = JournalTests.plan
        #expect(try PlanAdmission.admit(plan, to: guest) == .begun(runID: "r1"))
        plan.runID = "r2"
        #expect(try PlanAdmission.admit(plan, to: guest) == .continued(runID: "r1"))

        var other = plan
        other.recipe.allowIncompatible = true
        let failure = #expect(throws: Failure.self) { try PlanAdmission.admit(other, to: guest) }
        #expect(failure?.code == .planRefused)

        try Journal.open(fake.root, boot: "b").append(.finished(succeeded: true))
        #expect(try PlanAdmission.admit(other, to: guest) == .begun(runID: "r2"))
        #expect(fake.root.exists(StateFolder.path + "/journal-r1.jsonl"))
        #expect(RunStatus(of: fake.root) == RunStatus(of: fake.root) && RunStatus(of: fake.root).state == "interrupted")
    }

    @Test func takesMovedPayloads() throws {
        let (fake, guest) = try Self.guest()
        var plan = JournalTests.plan
        _ = try PlanAdmission.admit(plan, to: guest)
        plan.payloads = [
            Payload(
                role: .driver, fileName: "x.run", size: 1, sha256: "", headSHA256: "", tailSHA256: "",
                location: .file(path: "/x"))
        ]
        #expect(try PlanAdmission.admit(plan, to: guest) == .continued(runID: "r1"))
        #expect(try Journal.open(fake.root, boot: "b").plan?.payloads == plan.payloads)
    }

    @Test func leavesARunningAgentAlone() throws {
        let (fake, guest) = try Self.guest()
        _ = try PlanAdmission.admit(JournalTests.plan, to: guest)
        let lock = try #require(try RunLock.take(fake.root))
        #expect(RunLock.isTaken(fake.root))
        #expect(try PlanAdmission.admit(JournalTests.plan, to: guest) == .running(runID: "r1"))
        withExtendedLifetime(lock) {}
    }

    @Test(
        arguments: [
            (["/usr/local/cuda-12.4", "/usr/local/cuda-11.4"], true), (["/opt/cuda"], true),
            (["/usr/local/cuda"], false),
            (["/usr/local/cuda-12.4", "/usr/local//cuda-12.4/"], false), (["/usr/local/cuda-12.4", "/opt"], false),
            (["/opt/cuda", "/usr/../etc"], false),
        ] as [([String], Bool)])
    func judgesPlacesOfToolkits(_ places: [String], _ good: Bool) throws {
        let (fake, guest) = try Self.guest()
        var plan = JournalTests.plan
        plan.recipe.toolkits = places.map {
            CUDARecipe(version: "12.4.1", sha256: "", toolkitPath: $0, samples: false)
        }
        if good {
            #expect(try PlanAdmission.admit(plan, to: guest) == .begun(runID: "r1"))
        } else {
            let failure = #expect(throws: Failure.self) { try PlanAdmission.admit(plan, to: guest) }
            #expect(failure?.code == .planRefused)
        }
        withExtendedLifetime(fake) {}
    }

    @Test(arguments: ["", "../x", "a/b", ".x", "a b"]) func refusesNamesThatAreNoFileNames(_ runID: String) throws {
        let (_, guest) = try Self.guest()
        var plan = JournalTests.plan
        plan.runID = runID
        #expect(throws: Failure.self) { try PlanAdmission.admit(plan, to: guest) }
    }
}
