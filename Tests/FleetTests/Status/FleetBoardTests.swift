import Contract
import Provisioner
import Testing

@testable import Fleet

struct FleetBoardTests {
    private static let failure = Failure(
        .guestDidNotBoot, operation: "boot", message: "It did not\u{1b}[2J boot.", remedy: "Look.", side: .guest)

    private static func board(_ names: [String]) -> FleetBoard {
        var plan = FleetPlan(FleetManifest(name: "lab"), FleetReality()) { _ in "" }
        plan.guests = names.map { FleetPlan.Guest(name: $0, action: .create, reasons: [], golden: "g") }
        return FleetBoard(plan, now: 100)
    }

    @Test func linesStayAndTheLivePartTellsWhatIsDone() {
        var board = Self.board(["a", "b", "c"])
        let digest = String(repeating: "f", count: 64)
        #expect(board.begin(.golden(digest), "build", now: 100) == [" 0:00 golden ffffffffffff: build"])
        #expect(board.say(.golden(digest), "Check the inputs", stays: true, now: 101).count == 1)
        #expect(board.say(.golden(digest), "5 of 9 MiB", stays: false, now: 101).isEmpty)
        #expect(
            board.live(width: 80, height: 24, now: 165) == [
                "0 of 3 guests done, 1 at work, 1:05", "  golden ffffffffffff   1:05  build: 5 of 9 MiB",
            ])
        #expect(board.end(.golden(digest), .done(nil), now: 170) == [" 1:10 golden ffffffffffff: build done (1:10)"])
        _ = board.begin(.guest("a"), "create", now: 170)
        let start = GuestStart(sshPort: 2222, user: "root", hostKey: nil, seconds: 20)
        #expect(
            board.end(.guest("a"), .done(start), now: 190) == [" 1:30 a: create done (0:20), SSH on port 2222"])
        for (isSimulated, words) in [(true, "CUDA works (GPU simulated)"), (false, "CUDA works")] {
            let proof = MachineProof(evidence: [], isSimulated: isSimulated, seconds: 1)
            let start = GuestStart(sshPort: 2222, user: "root", hostKey: nil, seconds: 20, proof: proof)
            let lines = board.end(.golden("x"), .done(start), now: 190)
            #expect(lines.count == 1 && lines[0].hasSuffix("SSH on port 2222, \(words)"))
        }
        _ = board.begin(.guest("b"), "create", now: 190)
        let line = board.end(.guest("b"), .failed(Self.failure), now: 191)
        #expect(line.count == 1 && line[0].hasPrefix(" 1:31 b: FAILED: It did not") && !line[0].contains("\u{1b}"))
        #expect(board.live(width: 80, height: 24, now: 191)[0] == "1 of 3 guests done, 1 failed, 0 at work, 1:31")
    }

    @Test func manyGuestsFitASmallTerminal() {
        let names = (0..<50).map { "a-guest-with-a-rather-long-name-\($0)" }
        var board = Self.board(names)
        for name in names {
            _ = board.begin(.guest(name), "create", now: 100)
            _ = board.say(.guest(name), String(repeating: "word ", count: 40), stays: true, now: 100)
        }
        let lines = board.live(width: 40, height: 10, now: 100)
        #expect(lines.count == 10 && lines.allSatisfy { $0.count <= 40 })
        #expect(lines[9] == "  and 42 more")
    }
}
