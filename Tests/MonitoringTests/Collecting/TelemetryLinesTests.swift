import Telemetry
import Testing

@testable import Monitoring

struct TelemetryLinesTests {
    private func split(_ pieces: [String], limit: Int = 10) -> (lines: [String], flooded: Int) {
        var lines = TelemetryLines(limit: limit)
        var found: [String] = []
        for piece in pieces {
            Array(piece.utf8).withUnsafeBytes { bytes in
                lines.take(bytes) { found.append(String(decoding: $0, as: UTF8.self)) }
            }
        }
        return (found, lines.flooded)
    }

    @Test func linesAreTheSameHoweverTheyArrive() {
        let text = "one\ntwo\n\nthree is too long\nfour\n1234567890\n12345678901\nlast\nunfinished"
        let expected = ["one", "two", "four", "1234567890", "last"]
        let flooded = "three is too long".utf8.count + 11
        for size in 1...text.count {
            var pieces: [String] = []
            var rest = text[...]
            while !rest.isEmpty {
                pieces.append(String(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            let (lines, count) = split(pieces)
            #expect(lines == expected, "in pieces of \(size)")
            #expect(count == flooded, "in pieces of \(size)")
        }
    }

    @Test func aLineWithoutEndHoldsNothing() {
        let (lines, flooded) = split(Array(repeating: "xxxxxxxx", count: 1000) + ["\nok\n"])
        #expect(lines == ["ok"] && flooded == 8000)
    }

    @Test func whatIsDiscardedTakesItsLineWithIt() {
        var lines = TelemetryLines(limit: 100)
        var found: [String] = []
        func take(_ text: String) {
            Array(text.utf8).withUnsafeBytes { lines.take($0) { found.append(String(decoding: $0, as: UTF8.self)) } }
        }
        take("begun ")
        Array("in the middle".utf8).withUnsafeBytes { lines.discard($0) }
        take(" ended\nnext\n")
        #expect(found == ["next"])
        take("old")
        lines.restart()
        take("new\n")
        #expect(found == ["next", "new"])
    }
}

struct TelemetryBudgetTests {
    @Test func afterTheBurstTheRateHolds() {
        var budget = TelemetryBudget()
        var taken = 0
        // Ten seconds of a flood in pieces of 64 KiB, each millisecond.
        for millisecond in 0..<10_000 where budget.allows(bytes: 65536, at: Double(millisecond) / 1000) {
            taken += 65536
        }
        let allowed = TelemetryBudget.bytes * (TelemetryBudget.burst + 10)
        #expect(Double(taken) <= allowed && Double(taken) > allowed * 0.95)
    }

    @Test func linesAreBoundedToo() {
        var budget = TelemetryBudget()
        let lines = (0..<100_000).count { _ in budget.takeLine() }
        #expect(lines == Int(TelemetryBudget.lines * TelemetryBudget.burst))
        #expect(budget.allows(bytes: 1, at: 0) == false)
        #expect(budget.allows(bytes: 1, at: 1) && budget.takeLine())
    }
}

struct RelayLineTests {
    @Test(arguments: [
        RelayLine(machine: "vm-1", time: 1234.5, .message(Array(#"{"schema":1}"#.utf8))),
        RelayLine(machine: "root@host:22", time: 0, .link(.connected)),
        RelayLine(machine: "vm", time: 1, .link(.waiting("the VM starts"))),
        RelayLine(machine: "vm", time: 1, .link(.stopped)), RelayLine(machine: "vm", time: 1, .gone),
        RelayLine(machine: "vm", time: 1, .past(RelayedPast(of: RelayLineTests.troubled))),
        RelayLine(machine: "vm", time: 1, .missed(7)), RelayLine(machine: RelayLine.nobody, time: 1, .introduced),
        RelayLine(machine: "vm", time: 1, .socket(TelemetryLines.Unfinished(bytes: [], isSkipping: true))),
        RelayLine(
            machine: "vm", time: 1,
            .socket(TelemetryLines.Unfinished(bytes: Array("{\"a\tb =c".utf8) + [0xff], isSkipping: false))),
        RelayLine(machine: RelayLine.nobody, time: 1, .lock), RelayLine(machine: RelayLine.nobody, time: 1, .refused),
    ])
    func isReadAsItWasWritten(_ line: RelayLine) {
        #expect(line.bytes.last == UInt8(ascii: "\n"))
        #expect(RelayLine(line.bytes.dropLast()) == line)
    }

    private static var troubled: MachineTelemetry {
        var machine = MachineTelemetry(name: "vm")
        for code in [79, 31, 79] {
            _ = machine.take(
                TelemetryMessage(body: .xid(XidEvent(code: code, pciAddress: "0000:00:16.0", text: "x\ty"))), at: 1.25)
        }
        (machine.losses.nonsense, machine.losses.floodedBytes) = (3, 4)
        return machine
    }

    /// Told twice, and after more was heard, it is as the one that heard it has it.
    @Test func thePastIsTakenAsItIs() {
        var machine = MachineTelemetry(name: "vm")
        machine.losses.missed = 5
        _ = machine.take(TelemetryMessage(body: .xid(XidEvent(code: 79, text: "y"))), at: 1)
        for _ in 0..<2 { machine.take(RelayedPast(of: Self.troubled)) }
        #expect(machine.events == Self.troubled.events && machine.xidCounts == Self.troubled.xidCounts)
        #expect(machine.losses.nonsense == 3 && machine.losses.floodedBytes == 4 && machine.losses.missed == 5)
    }

    @Test(arguments: [
        "vm\t1\t=missed x", "vm\t1\t=missed -1", "vm\t1\t=past", "", "vm", "vm\t1", "vm\tx\t{}", "vm\tnan\t{}",
        "\t1\t{}", "vm\t1\t", "vm\t1\t=what",
    ])
    func whatIsNoneIsNone(_ text: String) {
        #expect(RelayLine(Array(text.utf8)) == nil)
    }
}
