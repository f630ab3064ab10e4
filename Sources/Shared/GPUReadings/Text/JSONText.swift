/// A JSON document in a text from a machine that is not trusted: a tree of ranges, in which every look gives nil where
/// something else is there. Numbers and strings are made when they are asked for.
struct JSONText {
    private enum Node {
        case null, bool(Bool), number(ByteText.Piece), string(ByteText.Piece)
        case array([Node])
        case object([(key: ByteText.Piece, value: Node)])
    }

    let text: ByteText
    private let node: Node

    /// More than any tool prints.
    private static let mostBytes = 4 << 20

    /// Reads the object in `text`. It begins where a line does; libraries print lines of their own before and after it.
    init(objectIn text: ByteText, expected: String) throws(ReadingError) {
        var tries = 8
        for line in text.lines where tries > 0 {
            let said = text.trimmed(line.piece)
            guard !said.isEmpty, text[said.lowerBound] == UInt8(ascii: "{") else { continue }
            tries -= 1
            let end = min(text.bytes.count, said.lowerBound + Self.mostBytes)
            var parser = Parser(bytes: text.bytes, index: said.lowerBound, end: end)
            guard let node = parser.value(depth: 0) else { continue }
            self.text = text
            self.node = node
            return
        }
        throw ReadingError(
            expected, text, problem: tries == 8 ? "there is no JSON document" : "the JSON document is broken")
    }

    private init(_ text: ByteText, _ node: Node) {
        self.text = text
        self.node = node
    }

    /// The member of an object. Keys are ours: ASCII without escapes.
    subscript(_ key: StaticString) -> JSONText? {
        guard case .object(let members) = node, let found = members.first(where: { text.equals($0.key, key) }) else {
            return nil
        }
        return JSONText(text, found.value)
    }

    /// Each member of an object: where its key is, and its value.
    func eachMember(_ body: (ByteText.Piece, JSONText) -> Void) {
        guard case .object(let members) = node else { return }
        for member in members { body(member.key, JSONText(text, member.value)) }
    }

    var isObject: Bool { if case .object = node { true } else { false } }

    /// At most the first `most` elements of an array.
    func elements(_ most: Int) -> [JSONText]? {
        guard case .array(let nodes) = node else { return nil }
        return nodes.prefix(most).map { JSONText(text, $0) }
    }

    var bool: Bool? { if case .bool(let value) = node { value } else { nil } }

    var int64: Int64? { int.map { Int64($0) } }

    var int: Int? { if case .number(let piece) = node { text.integer(piece) } else { nil } }

    /// Never infinite, never NaN.
    var double: Double? {
        guard case .number(let piece) = node else { return nil }
        return text.decimal(piece) ?? Double(text.string(piece)).flatMap { $0.isFinite ? $0 : nil }
    }

    /// What a string holds, as a document of its own; for figures that are printed as strings.
    var figure: Double? { if case .string(let piece) = node { text.decimal(piece) } else { nil } }

    /// Cut to 200 bytes.
    var string: String? {
        guard case .string(let piece) = node else { return nil }
        return text.find(UInt8(ascii: "\\"), in: piece) == nil ? text.cut(piece) : unescaped(piece).cut
    }

    /// Which of some words a string is; nil where it is none of them.
    func choice<Choice>(_ words: (StaticString, Choice)...) -> Choice? {
        guard case .string(let piece) = node else { return nil }
        return words.first { text.equals(piece, $0.0) }?.1
    }

    private func unescaped(_ piece: ByteText.Piece) -> String {
        var units: [UInt16] = []
        var index = piece.lowerBound
        while index < piece.upperBound, units.count < 512 {
            guard text[index] == UInt8(ascii: "\\"), index + 1 < piece.upperBound else {
                let next = text.find(UInt8(ascii: "\\"), in: index + 1..<piece.upperBound) ?? piece.upperBound
                units += text.cut(index..<next).utf16
                index = next
                continue
            }
            let letter = text[index + 1]
            index += 2
            if letter == UInt8(ascii: "u") {
                let end = min(index + 4, piece.upperBound)
                units.append(text.hexadecimal(index..<end).map { UInt16($0) } ?? 0xfffd)
                index = end
            } else {
                units.append(Self.escapes[letter] ?? UInt16(letter))
            }
        }
        return String(decoding: units, as: UTF16.self)
    }

    private static let escapes: [UInt8: UInt16] = [
        UInt8(ascii: "n"): 0x0a, UInt8(ascii: "t"): 0x09, UInt8(ascii: "r"): 0x0d, UInt8(ascii: "b"): 0x08,
        UInt8(ascii: "f"): 0x0c,
    ]

    // MARK: - Parsing

    /// nvidia's tools nest five deep. The stack of a thread bears more than this.
    private static let mostDepth = 32

    private struct Parser {
        let bytes: [UInt8]
        var index: Int
        let end: Int

        /// The value at `index`, and `index` behind it; nil where there is none, or half of one.
        mutating func value(depth: Int) -> Node? {
            guard depth < JSONText.mostDepth, let first = next() else { return nil }
            switch first {
            case UInt8(ascii: "{"): return object(depth)
            case UInt8(ascii: "["): return array(depth)
            case UInt8(ascii: "\""): return string().map { .string($0) }
            case UInt8(ascii: "t"): return word("true") ? .bool(true) : nil
            case UInt8(ascii: "f"): return word("false") ? .bool(false) : nil
            case UInt8(ascii: "n"): return word("null") ? .null : nil
            default: return number()
            }
        }

        /// The next byte that is no blank, which is not taken.
        private mutating func next() -> UInt8? {
            while index < end, ByteText.isBlank(bytes[index]) { index += 1 }
            return index < end ? bytes[index] : nil
        }

        /// Takes `byte` where it is next.
        private mutating func take(_ byte: UInt8) -> Bool {
            guard next() == byte else { return false }
            index += 1
            return true
        }

        private mutating func object(_ depth: Int) -> Node? {
            index += 1
            var members: [(key: ByteText.Piece, value: Node)] = []
            if take(UInt8(ascii: "}")) { return .object(members) }
            members.reserveCapacity(8)
            while next() == UInt8(ascii: "\""), let key = string(), take(UInt8(ascii: ":")),
                let value = value(depth: depth + 1)
            {
                members.append((key, value))
                if take(UInt8(ascii: "}")) { return .object(members) }
                guard take(UInt8(ascii: ",")) else { return nil }
            }
            return nil
        }

        private mutating func array(_ depth: Int) -> Node? {
            index += 1
            var elements: [Node] = []
            if take(UInt8(ascii: "]")) { return .array(elements) }
            while let element = value(depth: depth + 1) {
                elements.append(element)
                if take(UInt8(ascii: "]")) { return .array(elements) }
                guard take(UInt8(ascii: ",")) else { return nil }
            }
            return nil
        }

        /// What is between the quotes, escapes as they are.
        private mutating func string() -> ByteText.Piece? {
            let start = index + 1
            index = start
            while index < end, bytes[index] != UInt8(ascii: "\"") {
                index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard index < end else { return nil }
            index += 1
            return start..<index - 1
        }

        private mutating func word(_ word: String) -> Bool {
            for byte in word.utf8 {
                guard index < end, bytes[index] == byte else { return false }
                index += 1
            }
            return true
        }

        /// "0123456789+-.eE"
        private static func isOfNumber(_ byte: UInt8) -> Bool {
            ByteText.isDigit(byte) || byte == 0x2b || byte == 0x2d || byte == 0x2e || byte | 0x20 == 0x65
        }

        private mutating func number() -> Node? {
            let start = index
            while index < end, Self.isOfNumber(bytes[index]) { index += 1 }
            return index > start ? .number(start..<index) : nil
        }
    }
}
