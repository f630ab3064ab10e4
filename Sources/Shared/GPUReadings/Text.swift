extension StringProtocol {
    /// Without blanks, tabs and line ends around it. By bytes, as all of this file: what the tools print is ASCII but
    /// for names, and characters are an order of magnitude slower to walk.
    var trimmed: SubSequence {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
        var start: Index?
        var end = utf8.startIndex
        var index = end
        while index != utf8.endIndex {
            let next = utf8.index(after: index)
            if !isBlank(utf8[index]) {
                start = start ?? index
                end = next
            }
            index = next
        }
        return self[(start ?? end)..<end]
    }

    /// At most 200 bytes of it, for error messages.
    var cut: String {
        let bytes = utf8.prefix(201)
        return bytes.count > 200 ? String(decoding: bytes.prefix(197), as: UTF8.self) + "..." : String(self)
    }

    /// What follows `prefix`, which is ASCII, trimmed; nil where it does not begin so.
    func after(_ prefix: String) -> SubSequence? {
        guard utf8.starts(with: prefix.utf8) else { return nil }
        return self[utf8.index(utf8.startIndex, offsetBy: prefix.utf8.count)...].trimmed
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

    /// Splits at newlines, without a byte-order mark. A carriage return before the newline stays, and goes when the
    /// line is trimmed.
    init(_ text: String) {
        var bytes = text.utf8[...]
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = bytes.dropFirst(3) }
        lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Substring($0) }
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
