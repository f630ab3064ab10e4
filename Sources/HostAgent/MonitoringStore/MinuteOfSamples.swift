import GPUReadings
import Telemetry

/// The samples of one GPU in one minute, and how they are written: a row of the table `sample`.
///
///     1                         the layout's version
///     count                     samples
///     times                     hundredths of a second since the minute's start: by how much each is more than a second after
///                               the last, as runs
///     (fact, column)…           up to the end: twice a number of the table `fact`, and SampleColumn's bytes; or twice the number
///                               and one, and of how many more facts after it all samples are 0 too
struct MinuteOfSamples: Equatable {
    /// Minutes since 1970.
    let minute: Int64
    /// Hundredths of a second since the minute began, ascending.
    private(set) var times: [Int64] = []
    private(set) var columns: [GPUFact: SampleColumn] = [:]

    /// A minute cannot have more: whoever samples faster than 20 Hz is not believed.
    static let limit = 1200

    init(minute: Int64) {
        self.minute = minute
    }

    static func minute(of time: Double) -> Int64 { Int64((time / 60).rounded(.down)) }

    /// Seconds since 1970.
    func time(_ place: Int) -> Double { Double(minute) * 60 + Double(times[place]) / 100 }

    /// Adds a sample of this minute; one that is older than the last is passed over, as is what is too much.
    mutating func append(_ numbers: SampledNumbers, at time: Double) {
        let hundredths = Int64(((time - Double(minute) * 60) * 100).rounded(.down))
        guard (0..<6000).contains(hundredths), times.count < Self.limit, times.last.map({ $0 < hundredths }) ?? true
        else {
            return
        }
        for fact in SampledFacts.numbers {
            let value = numbers[fact] ?? .nan
            if columns[fact] == nil {
                guard !value.isNaN else { continue }
                columns[fact] = SampleColumn(repeating: .nan, count: times.count)
            }
            columns[fact]?.append(value)
        }
        times.append(hundredths)
    }

    /// Both, where another writer began the same minute.
    func merged(with other: MinuteOfSamples) -> MinuteOfSamples {
        var both = MinuteOfSamples(minute: minute)
        let all = (0..<times.count).map { (self, $0) } + (0..<other.times.count).map { (other, $0) }
        for (part, place) in all.sorted(by: { $0.0.times[$0.1] < $1.0.times[$1.1] }) {
            both.append(part.numbers(place), at: part.time(place))
        }
        return both
    }

    private func numbers(_ place: Int) -> SampledNumbers {
        var numbers = SampledNumbers()
        for (fact, column) in columns { numbers[fact] = column[place] }
        return numbers
    }

    /// - Parameter number: The fact's in the table `fact`.
    func bytes(_ number: (GPUFact) -> UInt64?) -> [UInt8] {
        var writer = ByteWriter()
        writer.byte(1)
        writer.unsigned(UInt64(times.count))
        writer.runs(zip(times, [-100] + times).map { $0 - $1 - 100 })
        var zeros = FactRun()
        for fact in SampledFacts.numbers {
            guard let column = columns[fact], !column.isUntold, let number = number(fact) else { continue }
            if column.isZero {
                if let run = zeros.take(number) { run.write(to: &writer) }
                continue
            }
            writer.unsigned(number << 1)
            column.write(to: &writer)
        }
        zeros.write(to: &writer)
        return writer.bytes
    }

    /// - Parameter fact: By its number in the table `fact`; nil where this version does not know it.
    init(minute: Int64, _ bytes: [UInt8], fact: (UInt64) -> GPUFact?) throws(ByteReader.Damage) {
        self.minute = minute
        var reader = ByteReader(bytes)
        guard try reader.byte() == 1 else { throw ByteReader.Damage() }
        let count = try reader.unsigned()
        guard count <= UInt64(Self.limit) else { throw ByteReader.Damage() }
        var last: Int64 = -100
        for difference in try reader.runs(count: Int(count)) {
            let (time, isTooLarge) = last.addingReportingOverflow(difference)
            guard !isTooLarge, (-100..<5900).contains(time) else { throw ByteReader.Damage() }
            last = time + 100
            times.append(last)
        }
        while !reader.isAtEnd {
            let word = try reader.unsigned()
            if word & 1 == 1 {
                for number in try FactRun(&reader, first: word >> 1).numbers {
                    if let fact = fact(number) { columns[fact] = SampleColumn(repeating: 0, count: Int(count)) }
                }
                continue
            }
            let column = try SampleColumn(&reader, count: Int(count))
            if let fact = fact(word >> 1) { columns[fact] = column }
        }
    }

    /// What is kept of it for longer.
    var summary: SampleSummary {
        var summary = SampleSummary()
        for (fact, column) in columns {
            for place in 0..<column.count where !column[place].isNaN { summary.add(column[place], of: fact) }
        }
        return summary
    }
}
