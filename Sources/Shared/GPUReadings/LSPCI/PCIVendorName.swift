/// Where the vendor's name ends in "NVIDIA Corporation GP104 [GeForce GTX 1080]". lspci puts a blank between vendor and
/// device, and nothing else; but companies are named in a few ways.
enum PCIVendorName {
    /// Words that end a company's name (true), and words that may follow such a word and still be of the name (false).
    private static let ends = LabelTable(
        [
            "Corporation", "Inc.", "Inc", "Incorporated", "Ltd.", "Ltd", "Technologies", "Limited", "Corp.", "Corp",
            "GmbH", "LLC",
            "Semiconductor", "Electronics", "Computer", "AG",
        ].map { ($0, true) } + ["Co.,", "Co", "and", "subsidiaries"].map { ($0, false) })

    /// Vendor and device; nil where the vendor's end is not seen.
    static func split(_ piece: ByteText.Piece, _ text: ByteText) -> (ByteText.Piece, ByteText.Piece)? {
        var rest = piece
        var end: Int?
        while let word = text.nextWord(&rest) {
            let ending = word.lowerBound > piece.lowerBound ? ends.value(word, in: text) : nil
            if ending == true || (end != nil && ending == false) {
                end = word.upperBound
            } else if let vendor = end {
                // "[AMD/ATI]", "[MSI]": a short name, where the device's follows it.
                let isShort =
                    text[word.lowerBound] == UInt8(ascii: "[") && text.ends(word, with: UInt8(ascii: "]"))
                    && !rest.isEmpty
                let last = isShort ? word.upperBound : vendor
                return (piece.lowerBound..<last, text.trimmed(last..<piece.upperBound))
            }
        }
        return end.map { (piece.lowerBound..<$0, $0..<$0) }
    }
}
