/// Texts that were made a moment ago: a table says the same words again and again, and comparing bytes is cheaper than making
/// a text of them.
struct RecentTexts {
    private struct Entry {
        var piece: ByteText.Piece
        /// Its first bytes, eight at most.
        var head: UInt64
    }

    /// The one that was asked for last, where it is at most eight bytes long, and those bytes.
    private var last = (text: "", bytes: UInt64(0), count: 0)
    private var entries: [Entry] = []
    private var texts: [String] = []
    private var next = 0

    private static let most = 8

    /// Takes the next word off `rest`, and gives its text: as ``ByteText/nextWord(_:)`` does, in one look at its bytes.
    mutating func nextWord(_ rest: inout ByteText.Piece, in text: ByteText) -> String? {
        var start = rest.lowerBound
        while start < rest.upperBound, ByteText.isBlank(text[start]) { start += 1 }
        let (end, head) = text.word(from: start, to: rest.upperBound)
        rest = end..<rest.upperBound
        guard start < end else { return nil }
        if end - start == last.count, head == last.bytes { return last.text }
        let spelled = string(start..<end, head, in: text)
        if end - start <= 8 { last = (spelled, head, end - start) }
        return spelled
    }

    /// The text of a piece, cut to 200 bytes.
    mutating func string(_ piece: ByteText.Piece, in text: ByteText) -> String {
        var (head, shift): (UInt64, UInt64) = (0, 0)
        for index in piece.prefix(8) {
            head |= UInt64(text[index]) << shift
            shift += 8
        }
        return string(piece, head, in: text)
    }

    private mutating func string(_ piece: ByteText.Piece, _ head: UInt64, in text: ByteText) -> String {
        for place in entries.indices where entries[place].head == head && entries[place].piece.count == piece.count {
            var (one, other) = (entries[place].piece.lowerBound + 8, piece.lowerBound + 8)
            while other < piece.upperBound, text[one] == text[other] {
                one += 1
                other += 1
            }
            if other >= piece.upperBound { return texts[place] }
        }
        let spelled = text.cut(piece)
        if entries.count < Self.most {
            entries.append(Entry(piece: piece, head: head))
            texts.append(spelled)
        } else {
            entries[next] = Entry(piece: piece, head: head)
            texts[next] = spelled
            next = (next + 1) % Self.most
        }
        return spelled
    }
}
