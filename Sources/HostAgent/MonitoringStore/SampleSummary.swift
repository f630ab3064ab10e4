import GPUReadings
import Telemetry

/// Means, smallest and largest of a GPU's facts over a minute or an hour: a row of the tables `minute` and `hour`.
///
///     1                   the layout's version
///     count               samples
///     (fact, values)…     up to the end. Twice a number of the table `fact`, then a byte: 1 where they vary, and 2 where the fact
///                         has a count of its own, which follows; then the value, or mean (a float), smallest and largest. Or
///                         twice the number and one, and of how many more facts after it all samples are 0 too
struct SampleSummary: Equatable {
    struct Entry: Equatable {
        var count: Int
        var sum: Double
        var minimum: Double
        var maximum: Double

        var mean: Double { count > 0 ? sum / Double(count) : .nan }

        mutating func add(_ other: Entry) {
            count += other.count
            sum += other.sum
            minimum = min(minimum, other.minimum)
            maximum = max(maximum, other.maximum)
        }
    }

    private(set) var entries: [GPUFact: Entry] = [:]

    init() {}

    mutating func add(_ value: Double, of fact: GPUFact) {
        add(Entry(count: 1, sum: value, minimum: value, maximum: value), of: fact)
    }

    mutating func add(_ other: SampleSummary) {
        for (fact, entry) in other.entries { add(entry, of: fact) }
    }

    private mutating func add(_ entry: Entry, of fact: GPUFact) {
        if entries[fact] == nil { entries[fact] = entry } else { entries[fact]?.add(entry) }
    }

    func bytes(_ number: (GPUFact) -> UInt64?) -> [UInt8] {
        var writer = ByteWriter()
        writer.byte(1)
        let common = entries.values.map(\.count).max() ?? 1
        writer.unsigned(UInt64(common))
        var zeros = FactRun()
        for fact in SampledFacts.numbers {
            guard let entry = entries[fact], let number = number(fact) else { continue }
            let isStill = entry.minimum == entry.maximum
            if isStill, entry.minimum == 0, entry.count == common {
                if let run = zeros.take(number) { run.write(to: &writer) }
                continue
            }
            writer.unsigned(number << 1)
            writer.byte((isStill ? 0 : 1) | (entry.count == common ? 0 : 2))
            if entry.count != common { writer.unsigned(UInt64(entry.count)) }
            if !isStill { writer.float(entry.mean) }
            writer.number(entry.minimum)
            if !isStill { writer.number(entry.maximum) }
        }
        zeros.write(to: &writer)
        return writer.bytes
    }

    init(_ bytes: [UInt8], fact: (UInt64) -> GPUFact?) throws(ByteReader.Damage) {
        var reader = ByteReader(bytes)
        guard try reader.byte() == 1 else { throw ByteReader.Damage() }
        let common = try Self.count(&reader)
        while !reader.isAtEnd {
            let word = try reader.unsigned()
            if word & 1 == 1 {
                for number in try FactRun(&reader, first: word >> 1).numbers {
                    if let fact = fact(number) { entries[fact] = Entry(count: common, sum: 0, minimum: 0, maximum: 0) }
                }
                continue
            }
            let shape = try reader.byte()
            let count = shape & 2 != 0 ? try Self.count(&reader) : common
            let mean = shape & 1 != 0 ? try reader.float() : nil
            let minimum = try reader.number()
            let maximum = mean != nil ? try reader.number() : minimum
            guard let fact = fact(word >> 1) else { continue }
            entries[fact] = Entry(
                count: count, sum: (mean ?? minimum) * Double(count), minimum: minimum, maximum: maximum)
        }
    }

    private static func count(_ reader: inout ByteReader) throws(ByteReader.Damage) -> Int {
        let count = try reader.unsigned()
        guard (1...1_000_000_000).contains(count) else { throw ByteReader.Damage() }
        return Int(count)
    }
}
