import GPUReadings
import Telemetry
import Testing

@testable import MonitoringStore

struct SampleColumnTests {
    @Test(
        arguments: [
            [], [5], [5, 5, 5, 5], [0, 0, 0], [.nan], [.nan, .nan], [.nan, 3, .nan, 3], [3, 3, .nan],
            [1, 2, 4, 8, 8, 8, 8, 3], [-5, 5, -1e14, 1e14], [250.17, 250.18, 3], [0.1, 0.2, 0.3], [1e300, .pi, -.pi],
            [85_899_345_920, 1_048_576, 0], [1024, 2048], [1e15, 1], [0.0005], [.greatestFiniteMagnitude, .nan, 1],
        ] as [[Double]])
    func isReadAsItWasWritten(_ values: [Double]) throws {
        var writer = ByteWriter()
        SampleColumn(values).write(to: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try SampleColumn(&reader, count: values.count) == SampleColumn(values))
        #expect(reader.isAtEnd)
    }

    @Test func whatStandsStillIsSmall() {
        var writer = ByteWriter()
        SampleColumn(Array(repeating: 85_899_345_920, count: 60)).write(to: &writer)
        #expect(writer.bytes.count <= 5)
    }

    /// A damaged row ends in an error, never in a trap or in endless memory.
    @Test func damageIsAnError() throws {
        var minute = MinuteOfSamples(minute: 10)
        for second in 0..<60 {
            var numbers = SampledNumbers()
            numbers[.temperatureCelsius] = Double(40 + second % 7)
            numbers[.powerDrawWatts] = 250.25 + Double(second)
            numbers[.memoryUsedBytes] = second % 3 == 0 ? nil : 1_048_576
            minute.append(numbers, at: 600 + Double(second))
        }
        let number: (GPUFact) -> UInt64? = { UInt64($0.rawValue) }
        let fact: (UInt64) -> GPUFact? = { GPUFact(rawValue: Int($0 % 100_000)) }
        let bytes = minute.bytes(number)
        #expect(try MinuteOfSamples(minute: 10, bytes, fact: fact) == minute)
        #expect(bytes.count < 60 * 6)
        for cut in 0..<bytes.count { _ = try? MinuteOfSamples(minute: 10, Array(bytes.prefix(cut)), fact: fact) }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            var damaged = bytes
            damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            _ = try? MinuteOfSamples(minute: 10, damaged, fact: fact)
            _ = try? SampleSummary(damaged, fact: fact)
        }
        #expect(throws: ByteReader.Damage.self) { try MinuteOfSamples(minute: 10, [2, 0], fact: fact) }
    }

    @Test func factsWithoutAnythingAreARun() throws {
        var minute = MinuteOfSamples(minute: 10)
        for second in 0..<60 {
            var numbers = SampledNumbers()
            for fact in SampledFacts.numbers { numbers[fact] = 0 }
            numbers[.temperatureCelsius] = 40
            numbers[.fanPercent] = second == 0 ? nil : 0
            minute.append(numbers, at: 600 + Double(second))
        }
        let places = Dictionary(uniqueKeysWithValues: SampledFacts.numbers.enumerated().map { ($1, UInt64($0)) })
        let fact: (UInt64) -> GPUFact? = {
            SampledFacts.numbers.indices.contains(Int($0)) ? SampledFacts.numbers[Int($0)] : nil
        }
        let bytes = minute.bytes { places[$0] }
        #expect(bytes.count < 40)
        #expect(try MinuteOfSamples(minute: 10, bytes, fact: fact) == minute)
        let summary = minute.summary.bytes { places[$0] }
        #expect(summary.count < 30)
        #expect(try SampleSummary(summary, fact: fact) == minute.summary)
    }

    @Test func aSummaryIsReadAsItWasWritten() throws {
        var summary = SampleSummary()
        for value in [1.0, 2, 6] { summary.add(value, of: .temperatureCelsius) }
        summary.add(7, of: .powerDrawWatts)
        let read = try SampleSummary(summary.bytes { UInt64($0.rawValue) }) { GPUFact(rawValue: Int($0)) }
        #expect(read == summary)
        #expect(read.entries[.temperatureCelsius]?.mean == 3 && read.entries[.temperatureCelsius]?.maximum == 6)
    }
}

struct RetentionTests {
    @Test func isRead() {
        #expect(Retention("samples=6h") == Retention(samples: 6 * 3600, minutes: 30 * 86400, hours: 365 * 86400))
        #expect(
            Retention("samples=2d,minutes=1w,hours=2y")
                == Retention(samples: 172_800, minutes: 604_800, hours: 730 * 86400))
    }

    @Test(arguments: ["", "samples", "samples=", "samples=6", "samples=-1d", "days=3d", "samples=6h,,", "samples=0h"])
    func whatIsNoneIsNone(_ text: String) {
        #expect(Retention(text) == nil)
    }
}
