import FoundationEssentials

/// A JSON document from a machine that is not trusted: every look at it gives nil where something else is there.
enum JSON: Equatable, Decodable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// More than any tool prints.
    private static let mostBytes = 4 << 20

    /// Reads the document in `text`: from its first brace to its last, since libraries print lines of their own.
    init(documentIn text: String, expected: String) throws(ReadingError) {
        let bytes = Array(text.utf8.prefix(Self.mostBytes))
        guard let first = bytes.firstIndex(of: UInt8(ascii: "{")), let last = bytes.lastIndex(of: UInt8(ascii: "}")),
            first < last
        else {
            let said = Lines(text).firstSaid
            throw ReadingError(expected, line: said.number, seen: said.text, problem: "there is no JSON document")
        }
        do {
            self = try JSONDecoder().decode(JSON.self, from: Data(bytes[first...last]))
        } catch {
            let said = Lines(text).firstSaid
            throw ReadingError(expected, line: said.number, seen: said.text, problem: "the JSON document is broken")
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    subscript(_ key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// At most the first `most` elements.
    func elements(_ most: Int) -> [JSON]? {
        if case .array(let elements) = self { Array(elements.prefix(most)) } else { nil }
    }

    var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// Cut to 200 bytes.
    var string: String? {
        if case .string(let value) = self { value.cut } else { nil }
    }

    var int64: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    var int: Int? { int64.flatMap { Int(exactly: $0) } }

    /// Never infinite, never NaN.
    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value) where value.isFinite: value
        default: nil
        }
    }
}
