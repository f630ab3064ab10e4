/// One fact over the samples of a minute, NaN where it was not told. Most facts stand still, and then nothing is held but
/// their value.
struct SampleColumn: Equatable {
    private(set) var count = 0
    private var still = Double.nan
    /// Empty while all are the same.
    private var varying: [Double] = []

    init() {}

    init(_ values: [Double]) {
        for value in values { append(value) }
    }

    mutating func append(_ value: Double) {
        if count == 0 { still = value }
        if !varying.isEmpty {
            varying.append(value)
        } else if value.bitPattern != still.bitPattern && !(value.isNaN && still.isNaN) {
            varying = Array(repeating: still, count: count) + [value]
        }
        count += 1
    }

    subscript(place: Int) -> Double { varying.isEmpty ? still : varying[place] }

    var isUntold: Bool { varying.isEmpty && still.isNaN }

    static func == (left: SampleColumn, right: SampleColumn) -> Bool {
        left.count == right.count
            && (0..<left.count).allSatisfy { left[$0] == right[$0] || (left[$0].isNaN && right[$0].isNaN) }
    }

    // MARK: Bytes

    /// What an integer stands for. Numbers come with few digits, so that a delta fits a byte.
    private enum Scale: UInt8, CaseIterable {
        case mebibytes = 0
        case kibibytes, ones, tenths, hundredths, thousandths
        /// No integers: the doubles themselves.
        case doubles

        var unit: Double {
            switch self {
            case .mebibytes: 1_048_576
            case .kibibytes: 1024
            case .ones, .doubles: 1
            case .tenths: 10
            case .hundredths: 100
            case .thousandths: 1000
            }
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

    /// Scale and shape in a byte; which are told, where not all are; then the first value and each one's difference from the
    /// last, of which zeros are a zero and how many more follow it.
    func write(to writer: inout ByteWriter) {
        let told = (0..<count).filter { !self[$0].isNaN }
        let values = varying.isEmpty ? (count == 0 ? [] : [still]) : told.map { self[$0] }
        let scale = Scale.allCases.first { scale in values.allSatisfy { scale.integer($0) != nil } } ?? .doubles
        let hasGaps = !varying.isEmpty && told.count < count
        writer.byte(scale.rawValue | (varying.isEmpty ? 0x40 : 0) | (hasGaps ? 0x80 : 0))
        if hasGaps {
            for start in stride(from: 0, to: count, by: 8) {
                writer.byte(
                    (start..<min(start + 8, count)).reduce(0) { $0 | (self[$1].isNaN ? 0 : 1 << UInt8($1 - start)) })
            }
        }
        guard scale != .doubles else {
            for value in values { writer.double(value) }
            return
        }
        var last: Int64 = 0
        var zeros: UInt64 = 0
        func endZeros(_ writer: inout ByteWriter) {
            guard zeros > 0 else { return }
            writer.signed(0)
            writer.unsigned(zeros - 1)
            zeros = 0
        }
        for integer in values.compactMap({ scale.integer($0) }) {
            let difference = integer - last
            last = integer
            if difference == 0 {
                zeros += 1
            } else {
                endZeros(&writer)
                writer.signed(difference)
            }
        }
        endZeros(&writer)
    }

    /// Reads what ``write(to:)`` wrote for `count` samples.
    init(_ reader: inout ByteReader, count: Int) throws(ByteReader.Damage) {
        let head = try reader.byte()
        guard let scale = Scale(rawValue: head & 0x3f) else { throw ByteReader.Damage() }
        var isTold = Array(repeating: true, count: count)
        if head & 0x80 != 0 {
            for start in stride(from: 0, to: count, by: 8) {
                let bits = try reader.byte()
                for place in start..<min(start + 8, count) { isTold[place] = bits & (1 << UInt8(place - start)) != 0 }
            }
        }
        let needed = head & 0x40 != 0 ? min(1, count) : isTold.count { $0 }
        var values: [Double] = []
        var last: Int64 = 0
        while values.count < needed {
            if scale == .doubles {
                values.append(try reader.double())
                continue
            }
            let difference = try reader.signed()
            var times = 1
            if difference == 0 {
                let more = try reader.unsigned()
                guard more < UInt64(needed - values.count) else { throw ByteReader.Damage() }
                times += Int(more)
            }
            let (sum, isTooLarge) = last.addingReportingOverflow(difference)
            guard !isTooLarge else { throw ByteReader.Damage() }
            last = sum
            values += Array(repeating: scale.value(last), count: times)
        }
        var next = 0
        for place in 0..<count {
            if head & 0x40 != 0 {
                append(values[0])
            } else if isTold[place] {
                append(values[next])
                next += 1
            } else {
                append(.nan)
            }
        }
    }
}
