/// Numbers in as few bytes as they need: seven bits a byte, the lowest first (LEB128), signs folded in (zigzag).
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func unsigned(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func signed(_ value: Int64) { unsigned(Self.zigzag(value)) }

    static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

    /// Integers that are often zero: of zeros in a row a zero, and how many more follow it.
    mutating func runs(_ values: some Sequence<Int64>) {
        var zeros: UInt64 = 0
        func endZeros(_ writer: inout ByteWriter) {
            guard zeros > 0 else { return }
            writer.signed(0)
            writer.unsigned(zeros - 1)
            zeros = 0
        }
        for value in values {
            if value == 0 {
                zeros += 1
            } else {
                endZeros(&self)
                signed(value)
            }
        }
        endZeros(&self)
    }

    mutating func double(_ value: Double) {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
    }

    mutating func float(_ value: Double) {
        withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { bytes += $0 }
    }
}

/// Reads them back. What ends early or is no number throws.
struct ByteReader {
    struct Damage: Error {}

    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() throws(Damage) -> UInt8 {
        guard let byte = rest.popFirst() else { throw Damage() }
        return byte
    }

    mutating func unsigned() throws(Damage) -> UInt64 {
        var value: UInt64 = 0
        for place in 0..<10 {
            let byte = try byte()
            value |= UInt64(byte & 0x7f) << (7 * UInt64(place))
            if byte < 0x80 { return value }
        }
        throw Damage()
    }

    mutating func signed() throws(Damage) -> Int64 {
        Self.integer(zigzag: try unsigned())
    }

    static func integer(zigzag value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// So many integers that ``ByteWriter/runs(_:)`` wrote.
    mutating func runs(count: Int) throws(Damage) -> [Int64] {
        var values: [Int64] = []
        while values.count < count {
            let value = try signed()
            values.append(value)
            guard value == 0 else { continue }
            let more = try unsigned()
            guard more <= UInt64(count - values.count) else { throw Damage() }
            values += Array(repeating: 0, count: Int(more))
        }
        return values
    }

    mutating func double() throws(Damage) -> Double {
        var pattern: UInt64 = 0
        for place in 0..<8 { pattern |= UInt64(try byte()) << (8 * UInt64(place)) }
        return Double(bitPattern: pattern)
    }

    mutating func float() throws(Damage) -> Double {
        var pattern: UInt32 = 0
        for place in 0..<4 { pattern |= UInt32(try byte()) << (8 * UInt32(place)) }
        return Double(Float(bitPattern: pattern))
    }
}
