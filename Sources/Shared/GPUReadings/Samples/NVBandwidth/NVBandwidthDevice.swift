extension NVBandwidthReading.Device {
    /// "NVIDIA A10", with an address since 0.6, and in JSON the host: "NVIDIA A10 (00000000:01:00): (host)".
    init(number: Int, described piece: ByteText.Piece, in text: ByteText) {
        self.init(number: number, name: "")
        var rest = text.trimmed(piece)
        while text.ends(rest, with: UInt8(ascii: ")")), let open = text.findLast(UInt8(ascii: "("), in: rest),
            open > rest.lowerBound
        {
            let inner = open + 1..<rest.upperBound - 1
            let before = text.trimmed(rest.lowerBound..<open)
            if Self.isAddress(inner, text) {
                busID = text.string(inner).lowercased() + ".0"
            } else if host == nil, text.ends(before, with: UInt8(ascii: ":")) {
                host = text.cut(inner)
            } else {
                break
            }
            rest =
                text.ends(before, with: UInt8(ascii: ":"))
                ? text.trimmed(before.lowerBound..<before.upperBound - 1) : before
        }
        name = text.cut(rest)
    }

    /// "00000009:01:00"
    private static func isAddress(_ piece: ByteText.Piece, _ text: ByteText) -> Bool {
        guard piece.count == 14, text[piece.lowerBound + 8] == UInt8(ascii: ":"),
            text[piece.lowerBound + 11] == UInt8(ascii: ":")
        else { return false }
        return piece.allSatisfy { ByteText.hexadecimalDigit(text[$0]) != nil || text[$0] == UInt8(ascii: ":") }
    }
}
