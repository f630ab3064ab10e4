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

    init(repeating value: Double, count: Int) {
        (still, self.count) = (value, count)
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

    /// Counters of errors mostly are; -0 is none.
    var isZero: Bool { varying.isEmpty && count > 0 && still.bitPattern == 0 }

    static func == (left: SampleColumn, right: SampleColumn) -> Bool {
        left.count == right.count
            && (0..<left.count).allSatisfy { left[$0] == right[$0] || (left[$0].isNaN && right[$0].isNaN) }
    }

    // MARK: Bytes

    private enum Shape {
        static let still: UInt8 = 0x40
        static let gaps: UInt8 = 0x80
    }

    /// Scale and shape in a byte; which are told, where not all are; then the one value of all, or the first and each one's
    /// difference from the last, as runs.
    func write(to writer: inout ByteWriter) {
        let isStill = varying.isEmpty
        let values = isStill ? [still] : varying.filter { !$0.isNaN }
        let scale = DecimalScale.of(values)
        let hasGaps = values.count < varying.count
        writer.byte(scale.rawValue | (isStill ? Shape.still : 0) | (hasGaps ? Shape.gaps : 0))
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
        let integers = values.compactMap { scale.integer($0) }
        if isStill {
            for integer in integers { writer.signed(integer) }
        } else {
            writer.runs(zip(integers, [0] + integers).map { $0 - $1 })
        }
    }

    /// Reads what ``write(to:)`` wrote for `count` samples.
    init(_ reader: inout ByteReader, count: Int) throws(ByteReader.Damage) {
        let head = try reader.byte()
        guard let scale = DecimalScale(rawValue: head & 0x3f) else { throw ByteReader.Damage() }
        if head & Shape.still != 0 {
            let value = scale == .doubles ? try reader.double() : scale.value(try reader.signed())
            (still, self.count) = (value, count)
            return
        }
        var isTold = Array(repeating: true, count: count)
        if head & Shape.gaps != 0 {
            for start in stride(from: 0, to: count, by: 8) {
                let bits = try reader.byte()
                for place in start..<min(start + 8, count) { isTold[place] = bits & (1 << UInt8(place - start)) != 0 }
            }
        }
        let needed = isTold.count { $0 }
        var values: [Double] = []
        if scale == .doubles {
            for _ in 0..<needed { values.append(try reader.double()) }
        } else {
            var last: Int64 = 0
            for difference in try reader.runs(count: needed) {
                let (sum, isTooLarge) = last.addingReportingOverflow(difference)
                guard !isTooLarge else { throw ByteReader.Damage() }
                last = sum
                values.append(scale.value(sum))
            }
        }
        var told = values.makeIterator()
        for isTold in isTold { append(isTold ? told.next() ?? .nan : .nan) }
    }
}
