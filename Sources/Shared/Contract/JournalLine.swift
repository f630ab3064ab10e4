import FoundationEssentials

/// A journal record as one line of JSON, in the journal file, on the wire and in the host's copy.
///
/// An empty line is a heartbeat: the agent lives and has nothing to say.
public enum JournalLine {
    /// The longest line that a reader accepts, in bytes. ``ToolOutput/limit`` doubled for escaping, and some.
    public static let limit = 1 << 20

    /// One line without its newline: keys sorted, no newline inside (JSON escapes them).
    public static func encode(_ record: JournalRecord) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(record), as: UTF8.self)
    }

    /// Reads one line. Throws a ``Failure`` with code ``FailureCode/guestTalkedNonsense`` for anything else than a
    /// record; an unknown event is no error.
    public static func decode(_ line: some StringProtocol) throws -> JournalRecord {
        let bytes = Data(line.utf8)
        guard bytes.count <= limit else { throw nonsense("a line of \(bytes.count) bytes", String(line.prefix(200))) }
        do {
            return try JSONDecoder().decode(JournalRecord.self, from: bytes)
        } catch {
            throw nonsense("a line that is not a journal record (\(error))", String(line.prefix(200)))
        }
    }

    private static func nonsense(_ what: String, _ seen: String) -> Failure {
        Failure(
            .guestTalkedNonsense, operation: "read the guest agent's journal", message: "The agent sent \(what).",
            evidence: [seen],
            remedy:
                "Use the agent that was built with this tool (--agent), and look for a disk that is full in the guest.",
            side: .guest)
    }
}
