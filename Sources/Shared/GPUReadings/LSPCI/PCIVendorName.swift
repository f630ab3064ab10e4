/// Where the vendor's name ends in "NVIDIA Corporation GP104 [GeForce GTX 1080]". lspci puts a blank between vendor and
/// device, and nothing else; but companies are named in a few ways.
enum PCIVendorName {
    /// How companies' names end, the longer before the shorter.
    private static let ends = [
        " Corporation", ", Inc.", " Incorporated", " Inc.", ", Ltd.", " Ltd.", " Ltd", " Technologies", " Limited",
        " Corp.", " GmbH", " LLC", " Semiconductor", " Electronics", " Computer",
    ]
    /// What may follow that and still be the name.
    private static let more = [
        " Co., Ltd.", " Co., Ltd", " Co Ltd", ", Inc.", ", Ltd.", " Inc.", " Corp.", " and subsidiaries",
    ]

    /// Vendor and device; nil where the vendor's end is not seen.
    static func split(_ piece: ByteText.Piece, _ text: ByteText) -> (ByteText.Piece, ByteText.Piece)? {
        var end: Int?
        for ending in ends {
            guard let found = text.find(ending, in: piece), found.upperBound < end ?? .max,
                found.upperBound == piece.upperBound || !isLetter(text[found.upperBound])
            else { continue }
            end = found.upperBound
        }
        guard var end else { return nil }
        // At most as often as there are endings, so that a hostile name is walked but once.
        for _ in 0..<3 {
            let rest = end..<piece.upperBound
            guard let next = more.first(where: { text.starts(rest, with: $0) }) else { break }
            end += next.utf8.count
        }
        // "[AMD/ATI]", "[MSI]": a short name in brackets, where the device's name follows it.
        if text.starts(end..<piece.upperBound, with: " ["),
            let close = text.find(UInt8(ascii: "]"), in: end..<piece.upperBound), close - end < 16,
            close + 1 < piece.upperBound
        {
            end = close + 1
        }
        return (piece.lowerBound..<end, text.trimmed(end..<piece.upperBound))
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
}
