import GPUReadings
import Telemetry
import Testing

struct SampledNumbersTests {
    @Test func onlyWhatIsSampledIsKept() {
        var numbers = SampledNumbers()
        #expect(numbers.told.isEmpty)
        numbers[.temperatureCelsius] = 47
        numbers[.fanPercent] = .nan
        numbers[.powerDrawWatts] = .infinity
        numbers[.minorNumber] = 3
        #expect(numbers[.temperatureCelsius] == 47)
        #expect(numbers[.fanPercent] == nil && numbers[.powerDrawWatts] == nil && numbers[.minorNumber] == nil)
        #expect(numbers.told.map(\.fact) == [.temperatureCelsius])
        #expect(numbers == numbers)
        var other = numbers
        other[.temperatureCelsius] = nil
        #expect(other == SampledNumbers() && other != numbers)
    }

    @Test func noFactIsInTwoLists() {
        let all = SampledFacts.numbers + SampledFacts.texts + SampledFacts.clocksEvents
        #expect(Set(all).count == all.count)
        #expect(Set(SampledFacts.throttling).isSubset(of: SampledFacts.clocksEvents))
    }
}
