extension [UInt8] {
    /// Appends the shortest text that means `value`, which is finite: as `description` writes it, but for whole numbers. Most values are
    /// whole, or whole hundredths or thousandths, and are written digit by digit: a scrape has a hundred thousand of them.
    mutating func append(number value: Double) {
        if let whole = Int64(exactly: value) {
            append(digitsOf: whole)
        } else if abs(value) >= 0.001, abs(value) < 1e9, let thousandths = Int64(exactly: (value * 1000).rounded()),
            Double(thousandths) / 1000 == value
        {
            // A decimal of so few digits is the shortest one that is read as this value.
            if thousandths < 0 { append(UInt8(ascii: "-")) }
            let (whole, rest) = thousandths.magnitude.quotientAndRemainder(dividingBy: 1000)
            append(digitsOf: Int64(whole))
            append(UInt8(ascii: "."))
            var digits = rest
            for place: UInt64 in [100, 10, 1] where digits > 0 {
                append(UInt8(ascii: "0") + UInt8(digits / place))
                digits %= place
            }
        } else {
            self += value.description.utf8
        }
    }

    private mutating func append(digitsOf whole: Int64) {
        // The longest is Int64.min, of 19 digits and its sign.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { text in
            var first = text.count
            var rest = whole.magnitude
            repeat {
                let tens = rest / 10
                first -= 1
                text[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest - tens * 10)
                rest = tens
            } while rest > 0
            if whole < 0 {
                first -= 1
                text[first] = UInt8(ascii: "-")
            }
            append(contentsOf: UnsafeBufferPointer(rebasing: text[first...]))
        }
    }
}
