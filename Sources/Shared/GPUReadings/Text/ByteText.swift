/// A document as bytes. Its lines and fields are ranges into it, so that reading copies only the values that it keeps.
///
/// What the tools print is ASCII but for names, so everything here works on bytes. Ranges come from this type's own
/// functions; they are never outside of the document.
struct ByteText: Sendable {
    typealias Piece = Range<Int>

    /// UTF-8, or what was meant to be: invalid bytes stay until ``string(_:)``. No byte-order mark.
    let bytes: [UInt8]

    /// Takes what was printed: UTF-8 with or without a byte-order mark, or UTF-16 (as a redirection of PowerShell's writes
    /// it). Escape sequences of a terminal are left out, blanks that do not break are blanks.
    init(_ printed: [UInt8]) {
        bytes = UTF16Text.decoded(printed) ?? TerminalText.cleaned(printed)
    }

    /// Takes what was cleaned before.
    init(clean bytes: [UInt8]) { self.bytes = bytes }

    /// Takes a text.
    init(_ text: String) { self.init(Array(text.utf8)) }

    /// All of it.
    var whole: Piece { 0..<bytes.count }

    /// The byte at `index`, which is in the document.
    subscript(_ index: Int) -> UInt8 { bytes[index] }

    /// The lines with their numbers from 1.
    var lines: ByteLines { ByteLines(self) }

    /// The lines of a part that begins with a line, which has the number `number`.
    func lines(of piece: Piece, from number: Int = 1) -> ByteLines { ByteLines(self, piece, from: number) }

    /// The first line that is not empty, trimmed, for errors about the whole; an empty one where there is none.
    var firstSaid: ByteLines.Line {
        for line in lines {
            let said = trimmed(line.piece)
            if !said.isEmpty { return .init(number: line.number, piece: said) }
        }
        return .init(number: 1, piece: 0..<0)
    }

    /// The text of a piece; invalid bytes become U+FFFD.
    func string(_ piece: Piece) -> String { String(decoding: bytes[piece], as: UTF8.self) }

    /// At most 200 bytes of it: for error messages, and for values that no tool prints longer.
    func cut(_ piece: Piece) -> String {
        guard piece.count > 200 else { return string(piece) }
        // Not in the middle of a character.
        var end = piece.lowerBound + 197
        while end > piece.lowerBound, bytes[end] & 0xc0 == 0x80 { end -= 1 }
        return string(piece.lowerBound..<end) + "..."
    }
}

extension ReadingError {
    /// About a line of a document.
    init(_ expected: String, _ text: ByteText, at line: ByteLines.Line, problem: String) {
        self.init(expected, line: line.number, seen: text.string(text.trimmed(line.piece)), problem: problem)
    }

    /// About a document as a whole: with its first line.
    init(_ expected: String, _ text: ByteText, problem: String) {
        self.init(expected, text, at: text.firstSaid, problem: problem)
    }
}
