/// The ways in which deviceQuery prints values.
extension ByteText {
    /// "9.1". CUDA 4.1 could print 4.10 for itself; it is kept as printed.
    func version(_ piece: Piece) -> String? {
        guard !piece.isEmpty, piece.allSatisfy({ Self.isDigit(self[$0]) || self[$0] == UInt8(ascii: ".") }) else {
            return nil
        }
        return cut(piece)
    }

    /// The number before "bytes": "4040 MBytes (4236312576 bytes)", "268107776 bytes". Megabytes alone are rounded, and
    /// not used.
    func byteCount(_ piece: Piece) -> Int64? {
        guard let unit = find(" bytes", in: piece) else { return nil }
        var start = unit.lowerBound
        while start > piece.lowerBound, Self.isDigit(self[start - 1]) { start -= 1 }
        return integer(start..<unit.lowerBound).map { Int64($0) }
    }

    /// "1481 MHz (1.48 GHz)", "900.00 Mhz", "1.84 GHz".
    func kilohertz(_ piece: Piece) -> Int64? {
        guard let (number, unit) = measure(piece), let value = decimal(number), let first = unit.first else {
            return nil
        }
        switch self[first] | 0x20 {
        case UInt8(ascii: "m"): return Int64(exactly: (value * 1000).rounded())
        case UInt8(ascii: "g"): return Int64(exactly: (value * 1_000_000).rounded())
        default: return nil
        }
    }

    func flag(_ piece: Piece) -> Bool? {
        if starts(piece, with: "Yes") || equals(piece, "Enabled") { return true }
        return starts(piece, with: "No") || equals(piece, "Disabled") ? false : nil
    }
}
