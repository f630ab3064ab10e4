/// Texts that were made a moment ago: a table says the same words again and again, and comparing bytes is cheaper than making
/// a text of them.
struct RecentTexts {
    private var pieces: [ByteText.Piece] = []
    private var texts: [String] = []
    private var next = 0

    private static let most = 8

    /// The text of a piece, cut to 200 bytes.
    mutating func string(_ piece: ByteText.Piece, in text: ByteText) -> String {
        for place in pieces.indices where pieces[place].count == piece.count {
            var (one, other) = (pieces[place].lowerBound, piece.lowerBound)
            while other < piece.upperBound, text[one] == text[other] {
                one += 1
                other += 1
            }
            if other == piece.upperBound { return texts[place] }
        }
        let spelled = text.cut(piece)
        if pieces.count < Self.most {
            pieces.append(piece)
            texts.append(spelled)
        } else {
            pieces[next] = piece
            texts[next] = spelled
            next = (next + 1) % Self.most
        }
        return spelled
    }
}
