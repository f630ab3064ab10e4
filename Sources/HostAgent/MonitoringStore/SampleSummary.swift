import GPUReadings
import Telemetry

/// Means, smallest and largest of a GPU's facts over a minute or an hour: a row of the tables `minute` and `hour`.
///
///     1                                               the layout's version
///     (fact, count, shape, mean[, smallest, largest])…    floats; the latter two where they differ from the mean
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
        for fact in SampledFacts.numbers {
            guard let entry = entries[fact], let number = number(fact) else { continue }
            writer.unsigned(number)
            writer.unsigned(UInt64(entry.count))
            let isStill = entry.minimum == entry.maximum
            writer.byte(isStill ? 0 : 1)
            writer.float(entry.mean)
            if !isStill {
                writer.float(entry.minimum)
                writer.float(entry.maximum)
            }
        }
        return writer.bytes
    }

    init(_ bytes: [UInt8], fact: (UInt64) -> GPUFact?) throws(ByteReader.Damage) {
        var reader = ByteReader(bytes)
        guard try reader.byte() == 1 else { throw ByteReader.Damage() }
        while !reader.isAtEnd {
            let number = try reader.unsigned()
            let count = try reader.unsigned()
            guard (1...1_000_000_000).contains(count) else { throw ByteReader.Damage() }
            let varies = try reader.byte() == 1
            let mean = try reader.float()
            let minimum = varies ? try reader.float() : mean
            let maximum = varies ? try reader.float() : mean
            guard let fact = fact(number) else { continue }
            entries[fact] = Entry(
                count: Int(count), sum: mean * Double(count), minimum: minimum, maximum: maximum)
        }
    }
}
