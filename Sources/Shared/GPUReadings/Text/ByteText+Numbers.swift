/// Numbers, as the tools spell them. A number that its type cannot hold is none; nothing overflows.
extension ByteText {
    /// "-12", "007"; the whole piece.
    func integer(_ piece: Piece) -> Int? {
        var index = piece.lowerBound
        let negative = index < piece.upperBound && bytes[index] == UInt8(ascii: "-")
        if negative { index += 1 }
        guard index < piece.upperBound else { return nil }
        var value = 0
        while index < piece.upperBound {
            let digit = bytes[index] &- 0x30
            guard digit < 10 else { return nil }
            let (product, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, more) = product.subtractingReportingOverflow(Int(digit))
            if over || more { return nil }
            value = sum
            index += 1
        }
        // Counted downwards, since there is one more number below zero than above.
        if negative { return value }
        return value == .min ? nil : -value
    }

    /// "10de", "0x10de", of at most 16 digits; the whole piece.
    func hexadecimal(_ piece: Piece) -> UInt64? {
        var piece = piece
        if piece.count > 2, bytes[piece.lowerBound] == 0x30, bytes[piece.lowerBound + 1] | 0x20 == 0x78 {
            piece = piece.lowerBound + 2..<piece.upperBound
        }
        guard !piece.isEmpty, piece.count <= 16 else { return nil }
        var value: UInt64 = 0
        for index in piece {
            guard let digit = Self.hexadecimalDigit(bytes[index]) else { return nil }
            value = value << 4 | UInt64(digit)
        }
        return value
    }

    static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- 0x30 }
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter + 10 : nil
    }

    /// "67.03", "-4", ".5"; the whole piece. No exponents, no "nan": no tool prints them where this is used.
    func decimal(_ piece: Piece) -> Double? {
        var index = piece.lowerBound
        let negative = index < piece.upperBound && bytes[index] == UInt8(ascii: "-")
        if negative { index += 1 }
        // As long as these are exact in a Double, so is their quotient rounded as it should be.
        var digits = 0
        var value = 0
        var fraction: Int?
        while index < piece.upperBound {
            let byte = bytes[index]
            if byte == UInt8(ascii: "."), fraction == nil {
                fraction = 0
            } else {
                guard Self.isDigit(byte) else { return nil }
                digits += 1
                if digits <= 15 { value = value * 10 + Int(byte &- 0x30) }
                if let places = fraction { fraction = places + 1 }
            }
            index += 1
        }
        guard digits > 0 else { return nil }
        if digits > 15 { return Double(string(piece)).flatMap { $0.isFinite ? $0 : nil } }
        let result = Double(value) / Self.powers[fraction ?? 0]
        return negative ? -result : result
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    /// The number that it begins with and the unit behind it, trimmed: "40%", "-3 C", "1481 MHz". Nil where it begins
    /// with no digit.
    func measure(_ piece: Piece) -> (number: Piece, unit: Piece)? {
        let piece = trimmed(piece)
        var end = piece.lowerBound
        if end < piece.upperBound, bytes[end] == UInt8(ascii: "-") { end += 1 }
        let first = end
        while end < piece.upperBound, Self.isDigit(bytes[end]) || bytes[end] == UInt8(ascii: ".") { end += 1 }
        guard end > first else { return nil }
        return (piece.lowerBound..<end, trimmed(end..<piece.upperBound))
    }

    /// The next run of decimal digits in `rest`, which is left behind it; nil where there is none or no Int holds it.
    func nextNumber(_ rest: inout Piece) -> Int? {
        var start = rest.lowerBound
        while start < rest.upperBound, !Self.isDigit(bytes[start]) { start += 1 }
        var end = start
        while end < rest.upperBound, Self.isDigit(bytes[end]) { end += 1 }
        rest = end..<rest.upperBound
        return integer(start..<end)
    }

    /// The runs of decimal digits, the first `most` of them.
    func numbers(_ piece: Piece, most: Int = 16) -> [Int] {
        var numbers: [Int] = []
        var rest = piece
        while numbers.count < most, !rest.isEmpty {
            if let number = nextNumber(&rest) { numbers.append(number) }
        }
        return numbers
    }
}
