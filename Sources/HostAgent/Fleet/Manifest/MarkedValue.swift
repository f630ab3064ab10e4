/// A place in a manifest's text, counted from 1.
public struct TextMark: Codable, Hashable, Sendable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// A piece of a manifest as it was written, and where. What a value means is decided by the field it stands in, so that a port `22:22` is
/// no number of base 60 and a version `11.10` no 11.1, as YAML's own guesses would have it.
indirect enum MarkedValue: Equatable, Sendable {
    /// A word, quoted or not.
    case text(String, isQuoted: Bool, TextMark)
    case list([MarkedValue], TextMark)
    case map([Entry], TextMark)

    /// A key with its value.
    struct Entry: Equatable, Sendable {
        var key: String
        var mark: TextMark
        var value: MarkedValue
    }

    var mark: TextMark {
        switch self {
        case .text(_, _, let mark), .list(_, let mark), .map(_, let mark): mark
        }
    }

    /// Nothing was written: `key:`, `~` or `null`.
    var isNothing: Bool {
        guard case .text(let text, false, _) = self else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// The word; nil for anything else.
    var word: String? {
        guard case .text(let text, _, _) = self, !isNothing else { return nil }
        return text
    }

    /// For a message: what stands there.
    var seen: String {
        switch self {
        case .text(let text, _, _): isNothing ? "nothing" : "\"\(text.prefix(80))\""
        case .list(let items, _): "a list of \(items.count)"
        case .map: "a mapping"
        }
    }
}
