import Contract
import FoundationEssentials
import Testing

@testable import Provisioner

@Suite struct GuestJournalTests {
    private func record(_ seq: Int) -> JournalRecord {
        JournalRecord(seq: seq, time: 1, boot: "b", event: .progress(.driver, message: "line \(seq)"))
    }

    @Test func replayIsTakenOnce() throws {
        let path = try Samples.folder() + "/journal.jsonl"
        var journal = try GuestJournal(path: path)
        #expect(try journal.append(record(1)))
        #expect(try journal.append(record(2)))
        #expect(try !journal.append(record(1)))
        #expect(try GuestJournal(path: path).records == [record(1), record(2)])
    }

    @Test func aGapIsRefused() throws {
        var journal = try GuestJournal(path: try Samples.folder() + "/journal.jsonl")
        let failure = #expect(throws: Failure.self) { try journal.append(record(2)) }
        #expect(failure?.code == .guestTalkedNonsense)
    }

    /// The process was killed in the middle of a line: at every byte, what is whole is kept and the rest comes again.
    @Test func aTornLineIsDropped() throws {
        let path = try Samples.folder() + "/journal.jsonl"
        var journal = try GuestJournal(path: path)
        for seq in 1...3 { _ = try journal.append(record(seq)) }
        let whole = try #require(FileManager.default.contents(atPath: path))
        for length in 0..<whole.count {
            try whole.prefix(length).write(to: URL(filePath: path))
            var torn = try GuestJournal(path: path)
            #expect(torn.lastSeq == whole.prefix(length).count(where: { $0 == UInt8(ascii: "\n") }))
            for seq in 1...3 { _ = try torn.append(record(seq)) }
            #expect(try #require(FileManager.default.contents(atPath: path)) == whole)
        }
    }

    @Test func finishedIsTheLastWord() throws {
        var journal = try GuestJournal(path: try Samples.folder() + "/journal.jsonl")
        #expect(journal.finished == nil)
        _ = try journal.append(JournalRecord(seq: 1, time: 1, boot: "b", event: .finished(succeeded: false)))
        #expect(journal.finished == false)
    }
}
