/// What an integer stands for. Numbers come with few digits, so that an integer of theirs is small.
enum DecimalScale: UInt8, CaseIterable {
    case mebibytes = 0
    case kibibytes, ones, tenths, hundredths, thousandths
    /// No integers: the doubles themselves.
    case doubles

    private var unit: Double {
        switch self {
        case .mebibytes: 1_048_576
        case .kibibytes: 1024
        case .ones, .doubles: 1
        case .tenths: 10
        case .hundredths: 100
        case .thousandths: 1000
        }
    }

    /// The coarsest that loses nothing of any of them.
    static func of(_ values: [Double]) -> DecimalScale {
        allCases.first { scale in values.allSatisfy { scale.integer($0) != nil } } ?? .doubles
    }

    /// Nil where it does not fit without loss.
    func integer(_ value: Double) -> Int64? {
        guard abs(value) < 1e15 else { return nil }
        switch self {
        case .mebibytes, .kibibytes, .ones: return Int64(exactly: value / unit)
        case .doubles: return nil
        default:
            let whole = (value * unit).rounded()
            return whole / unit == value ? Int64(whole) : nil
        }
    }

    func value(_ integer: Int64) -> Double {
        switch self {
        case .mebibytes, .kibibytes, .ones, .doubles: Double(integer) * unit
        default: Double(integer) / unit
        }
    }
}

extension ByteWriter {
    /// A number of any kind: a few bytes where it has few digits.
    mutating func number(_ value: Double) {
        let scale = DecimalScale.of([value])
        if let integer = scale.integer(value) {
            unsigned(Self.zigzag(integer) << 3 | UInt64(scale.rawValue))
        } else {
            unsigned(UInt64(scale.rawValue))
            double(value)
        }
    }
}

extension ByteReader {
    mutating func number() throws(Damage) -> Double {
        let bits = try unsigned()
        guard let scale = DecimalScale(rawValue: UInt8(bits & 7)) else { throw Damage() }
        return scale == .doubles ? try double() : scale.value(Self.integer(zigzag: bits >> 3))
    }
}
