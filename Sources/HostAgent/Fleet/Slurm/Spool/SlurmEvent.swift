import Contract
import FoundationEssentials

/// Something that a guest's job tells, one line of JSON in the spool.
public struct SlurmEvent: Codable, Equatable, Sendable {
    /// Seconds since 1970 by the node's clock; 0 where a line does not say.
    public var at: Double
    public var attempt: Int
    /// "progress", "state"; anything from newer tools. "unreadable" for a line that is none of ours.
    public var kind: String
    /// For people; one line.
    public var message: String

    public init(at: Double, attempt: Int, kind: String, message: String) {
        self.at = at
        self.attempt = attempt
        self.kind = kind
        self.message = message
    }

    /// The longest line that is read, bytes.
    static let lineLimit = 16 << 10

    var line: [UInt8] {
        var event = self
        event.message = Printable.line(message, limit: 1000)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Finite numbers and text always encode.
        guard let data = try? encoder.encode(event) else { return [] }
        return data + [UInt8(ascii: "\n")]
    }

    /// What a line says; what it does not say has defaults, and nothing is thrown away unseen.
    init(line: some Collection<UInt8>) {
        let words = Printable.line(line.prefix(400), limit: 200)
        guard line.count <= Self.lineLimit,
            case .object(let fields)? = try? JSONDecoder().decode(JSONValue.self, from: Data(line))
        else {
            self.init(at: 0, attempt: 0, kind: "unreadable", message: words)
            return
        }
        var (at, attempt, kind, message) = (0.0, 0, "unknown", words)
        if case .number(let value)? = fields["at"], value.isFinite { at = value }
        if case .number(let value)? = fields["attempt"] { attempt = Int(exactly: value) ?? 0 }
        if case .string(let value)? = fields["kind"] { kind = Printable.line(value, limit: 40) }
        if case .string(let value)? = fields["message"] { message = Printable.line(value, limit: 1000) }
        self.init(at: at, attempt: attempt, kind: kind, message: message)
    }
}
