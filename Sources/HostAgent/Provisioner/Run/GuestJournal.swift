import Contract
import FoundationEssentials
import Glibc
import SystemPackage

/// The host's copy of the guest's journal: the records as they came, on disk before they count as seen.
struct GuestJournal: Sendable {
    /// Records in order; a gap or a repetition never enters.
    private(set) var records: [JournalRecord] = []
    private let path: String

    /// The most records that a host keeps of one guest; a real run has a few hundred.
    static let limit = 100_000

    /// Opens the copy. A torn last line (this process was killed while writing) is dropped: the guest sends it again.
    init(path: String) throws {
        self.path = path
        guard let data = FileManager.default.contents(atPath: path) else { return }
        var kept = 0
        for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            guard data.indices.contains(line.endIndex),
                let record = try? JournalLine.decode(String(decoding: line, as: UTF8.self)),
                record.seq == records.count + 1
            else { break }
            records.append(record)
            kept += line.count + 1
        }
        if kept < data.count { guard truncate(path, off_t(kept)) == 0 else { throw Errno(rawValue: errno) } }
    }

    var lastSeq: Int { records.last?.seq ?? 0 }

    /// Whether the guest has said its last word, and whether it was success.
    var finished: Bool? {
        if case .finished(let succeeded)? = records.last?.event { return succeeded }
        return nil
    }

    /// Takes a record in. One that was seen before is ignored (the reply is false); a gap is an error.
    mutating func append(_ record: JournalRecord) throws -> Bool {
        if record.seq <= lastSeq { return false }
        guard record.seq == lastSeq + 1, records.count < Self.limit else {
            throw Failure(
                .guestTalkedNonsense, operation: "follow the guest agent",
                message: "The guest's journal goes from record \(lastSeq) to \(record.seq).",
                remedy: "Look at /var/lib/gpu-guest-agent in the guest; start over with --start-over.", side: .guest)
        }
        let descriptor = try FileDescriptor.open(
            FilePath(path), .writeOnly, options: [.create, .append, .closeOnExec], permissions: [.ownerReadWrite])
        try descriptor.closeAfter {
            _ = try descriptor.writeAll((try JournalLine.encode(record) + "\n").utf8)
        }
        records.append(record)
        return true
    }
}
