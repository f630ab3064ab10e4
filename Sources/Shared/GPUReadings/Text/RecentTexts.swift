/// Texts that were made a moment ago: a table says the same words again and again, and comparing bytes is cheaper than making
/// a text of them.
struct RecentTexts {
    private var entries: [(piece: ByteText.Piece, spelled: String)] = []
    private var next = 0

    private static let most = 8

    /// The text of a piece, cut to 200 bytes.
    mutating func string(_ piece: ByteText.Piece, in text: ByteText) -> String {
        for entry in entries where entry.piece.count == piece.count {
            var (one, other) = (entry.piece.lowerBound, piece.lowerBound)
            while other < piece.upperBound, text[one] == text[other] {
                one += 1
                other += 1
            }
            if other == piece.upperBound { return entry.spelled }
        }
        let spelled = text.cut(piece)
        if entries.count < Self.most {
            entries.append((piece, spelled))
        } else {
            entries[next] = (piece, spelled)
            next = (next + 1) % Self.most
        }
        return spelled
    }
}
