import Contract
import Guest
import GuestFakes
import Provisioning
import Synchronization
import Testing

/// A machine of three flags and a kernel module: what is done survives a reboot, what is loaded does not.
final class World: Sendable {
    struct State: Equatable {
        var done: Set<String> = []
        var loaded = true
        var boots = 1
        var applied = 0
    }

    let state: Mutex<State>
    let fake: FakeRoot

    init(_ state: State = State()) throws {
        self.state = Mutex(state)
        fake = try FakeRoot()
        try setBoot(state.boots)
    }

    func reboot() throws {
        let boot = state.withLock {
            $0.boots += 1
            $0.loaded = !$0.done.contains("blacklist")
            return $0.boots
        }
        try setBoot(boot)
    }

    private func setBoot(_ boot: Int) throws {
        try fake.write("/proc/sys/kernel/random/boot_id", "boot-\(boot)\n")
    }
}

/// Done when its flag is set; `unload` needs a reboot.
struct FakeStep: Step {
    let id: StepID
    let flavour: StepFlavour
    let world: World
    var title: String { id.rawValue }

    func check(_ context: StepContext) async throws -> CheckResult {
        isDone ? .satisfied(["done"]) : .needed("not done")
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        context.emit(.progress(id, message: "working"))
        world.state.withLock { $0.applied += 1 }
        if flavour == .volatile { return .rebootRequired("busy") }
        _ = world.state.withLock { $0.done.insert(id.rawValue) }
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        guard flavour == .proof || isDone else {
            throw Failure(.internal, operation: "verify", message: "not done", remedy: "", side: .guest)
        }
        return ["done"]
    }

    private var isDone: Bool {
        world.state.withLock { flavour == .volatile ? !$0.loaded : $0.done.contains(id.rawValue) }
    }
}

@Suite struct CrashReplayTests {
    static let ids: [(StepID, StepFlavour)] = [
        ("blacklist", .durable), ("unload", .volatile), ("driver", .durable), ("prove", .proof),
    ]

    /// Runs to the end, through reboots.
    private static func finish(_ world: World) async throws -> Journal {
        for _ in 0..<6 {
            let guest = Guest(root: world.fake.root, runner: FakeRunner([:]))
            let journal = try Journal.open(world.fake.root, boot: guest.bootID) { 0 }
            if journal.plan == nil { try journal.append(.planAccepted(JournalTests.plan)) }
            let runner = Runner(
                guest: guest, steps: ids.map { FakeStep(id: $0.0, flavour: $0.1, world: world) }, journal: journal,
                effects: Runner.Effects(reboot: { try world.reboot() }, sleep: { _ in }, finished: {}))
            if case .finished = try await runner.run() { return journal }
        }
        throw Failure(.internal, operation: "finish", message: "never ends", remedy: "", side: .guest)
    }

    @Test func runsThroughAReboot() async throws {
        let world = try World()
        let journal = try await Self.finish(world)
        #expect(journal.succeeded == true)
        #expect(world.state.withLock { $0.boots } == 2)
        #expect(journal.records.filter { $0.event.kind == "rebootRequested" }.count == 1)
        // The proof changed nothing, and says so by having no start.
        #expect(!journal.records.contains { $0.event == .stepStarted("prove", reason: "not done") })
    }

    /// The journal is cut behind each record, as by a crash; the machine is as it was then, or one step further, in the
    /// same boot (the agent died) or in another (the power went).
    @Test(arguments: [false, true]) func endsTheSameWhereverItCrashed(_ powerCut: Bool) async throws {
        let whole = try World()
        _ = try await Self.finish(whole)
        let lines = try whole.fake.root.text(StateFolder.journal).split(separator: "\n")
        let last = whole.state.withLock { $0 }
        for count in 0..<lines.count {
            for ahead in [0, 1] {
                let world = try World(Self.state(after: lines.prefix(count), ahead: ahead))
                try world.fake.write(StateFolder.journal, lines.prefix(count).map { $0 + "\n" }.joined())
                if powerCut { try world.reboot() }
                let journal = try await Self.finish(world)
                #expect(journal.succeeded == true, "cut behind \(count) of \(lines.count)")
                #expect(world.state.withLock { $0.done } == last.done && world.state.withLock { !$0.loaded })
                #expect(world.state.withLock { $0.boots } <= 4)
                #expect(journal.records.last?.event == .finished(succeeded: true))
            }
        }
    }

    /// The world in which the journal has these lines; `ahead` 1: what was started had its effect already.
    private static func state(after lines: some Collection<Substring>, ahead: Int) throws -> World.State {
        var state = World.State()
        for line in lines {
            let record = try JournalLine.decode(line)
            state.boots = Int(record.boot.split(separator: "-").last ?? "1") ?? 1
            switch record.event {
            case .stepApplied(let step): state.done.insert(step.rawValue)
            case .stepStarted(let step, _) where ahead == 1 && step != "unload": state.done.insert(step.rawValue)
            default: break
            }
        }
        state.loaded = state.boots == 1
        return state
    }
}
