extension StringProtocol {
    /// Without blanks, tabs and line ends around it.
    var trimmed: SubSequence {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\r\n" || $0 == "\n" }
        let head = drop(while: isBlank)
        guard let last = head.lastIndex(where: { !isBlank($0) }) else { return head[head.startIndex..<head.startIndex] }
        return head[head.startIndex...last]
    }

    /// At most 200 bytes of it, for error messages.
    var cut: String {
        let bytes = utf8.prefix(201)
        return bytes.count > 200 ? String(decoding: bytes.prefix(197), as: UTF8.self) + "..." : String(self)
    }

    /// What follows `prefix`, trimmed; nil where it does not begin so.
    func after(_ prefix: String) -> SubSequence? {
        hasPrefix(prefix) ? dropFirst(prefix.count).trimmed : nil
    }

    /// Its words, separated by blanks or tabs.
    var words: [SubSequence] {
        split { $0 == " " || $0 == "\t" }
    }

    /// The text on either side of the first `separator`; nil where it has none.
    func halves(at separator: String) -> (SubSequence, SubSequence)? {
        // Walked by hand: the standard library's search for a substring brings in the regular expressions, which the
        // statically linked guest agent is better without.
        let pattern = Array(separator.utf8)
        var start = utf8.startIndex
        while start != utf8.endIndex {
            if utf8[start...].starts(with: pattern),
                let end = utf8.index(start, offsetBy: pattern.count, limitedBy: utf8.endIndex)
            {
                return (self[..<start], self[end...])
            }
            start = utf8.index(after: start)
        }
        return nil
    }

    /// Whether `part` occurs in it.
    func has(_ part: String) -> Bool { halves(at: part) != nil }

    /// The runs of decimal digits as numbers, in order; those that no Int can hold are left out.
    var numbers: [Int] {
        split { !("0"..."9").contains($0) }.compactMap { Int($0) }
    }
}

/// A text as numbered lines.
struct Lines: Sequence {
    private let lines: [Substring]

    /// Splits at line ends of any system, without a byte-order mark.
    init(_ text: some StringProtocol) {
        let text = text.first == "\u{feff}" ? String(text.dropFirst()) : String(text)
        lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }

    /// The lines with their numbers from 1.
    func makeIterator() -> AnyIterator<(number: Int, text: Substring)> {
        var index = 0
        return AnyIterator {
            guard index < lines.count else { return nil }
            defer { index += 1 }
            return (index + 1, lines[index])
        }
    }

    /// The number and text of the first line that is not empty, for errors about the whole.
    var firstSaid: (number: Int, text: Substring) {
        for line in self where !line.text.trimmed.isEmpty { return (line.number, line.text.trimmed) }
        return (1, "")
    }
}
