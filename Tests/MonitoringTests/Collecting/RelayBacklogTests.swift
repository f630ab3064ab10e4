import Testing

@testable import Monitoring

struct RelayBacklogTests {
    private let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)

    private func text(_ backlog: RelayBacklog) -> String { String(decoding: backlog.next, as: UTF8.self) }

    @Test func whatFitsIsKeptInOrder() {
        var backlog = RelayBacklog()
        backlog.add(Array("one\n".utf8), of: "a", isMessage: true)
        backlog.add(Array("two\n".utf8), of: "b", isMessage: false)
        #expect(text(backlog) == "one\ntwo\n")
        backlog.took(2)
        #expect(text(backlog) == "e\ntwo\n" && backlog.count == 6)
        backlog.took(6)
        #expect(backlog.count == 0 && backlog.missed.isEmpty)
    }

    @Test func whatDoesNotFitIsCountedAndMadeGood() {
        var backlog = RelayBacklog()
        for _ in 0..<6 { backlog.add(line, of: "a", isMessage: true) }
        backlog.add(line, of: "b", isMessage: false)
        // A short one would fit; what comes behind a gap would be out of order.
        backlog.add([1], of: "a", isMessage: true)
        backlog.add([2], of: "c", isMessage: true)
        #expect(backlog.missed == ["a": 3, "b": 0, "c": 1])
        #expect(backlog.count <= RelayBacklog.limit)
        backlog.catchUp { _ in [7] }
        #expect(backlog.missed.count == 3, "there is no room yet")
        backlog.took(backlog.count)
        backlog.catchUp { Array("\($0)!\n".utf8) }
        let (a, c) = (RelayLine(machine: "a", time: 0, .missed(3)), RelayLine(machine: "c", time: 0, .missed(1)))
        #expect(Array(backlog.next) == Array("a!\n".utf8) + a.bytes + Array("b!\nc!\n".utf8) + c.bytes)
        #expect(backlog.missed.isEmpty)
    }

    @Test func introductionsForWhichThereIsNoRoomWait() {
        var backlog = RelayBacklog()
        for name in ["a", "b", "c"] {
            for _ in 0..<5 { backlog.add(line, of: name, isMessage: true) }
        }
        backlog.took(backlog.count)
        backlog.catchUp { _ in line + line }
        #expect(backlog.missed == ["b": 5, "c": 5] && backlog.count <= RelayBacklog.limit)
    }
}
