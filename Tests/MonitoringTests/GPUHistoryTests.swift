import GPUReadings
import Telemetry
import Testing

@testable import Monitoring

struct GPUHistoryTests {
    @Test func theOldestGoesWhereTheNewestComes() {
        var history = GPUHistory()
        for second in 0..<(GPUHistory.limit + 3) {
            var gpu = GPUSample(index: 0)
            gpu.numbers[.temperatureCelsius] = Double(second)
            history.append(GPUHistory.Point(time: Double(second), of: gpu))
        }
        let points = history.points
        #expect(points.count == GPUHistory.limit)
        #expect(points.map(\.time) == points.map(\.time).sorted())
        #expect(points.first?.temperatureCelsius == 3 && points.last?.time == Double(GPUHistory.limit + 2))
        #expect(points.allSatisfy { $0.powerWatts.isNaN && $0.memoryPercent.isNaN })
    }

    @Test func memoryIsAShareOfTheWhole() {
        var gpu = GPUSample(index: 0)
        gpu.numbers[.memoryUsedBytes] = 3e9
        gpu.numbers[.memoryTotalBytes] = 12e9
        #expect(GPUHistory.Point(time: 0, of: gpu).memoryPercent == 25)
    }
}

struct MachineTelemetryTests {
    @Test func aSampleIsFreshForAFewIntervals() {
        var machine = MachineTelemetry(name: "vm")
        #expect(!machine.isFresh(at: 100) && machine.sampleAge(at: 100) == nil)
        machine.sampledAt = 100
        #expect(machine.isFresh(at: 104.9) && !machine.isFresh(at: 105.1))
        machine.hello = TelemetryHello(agent: "", sampler: "", bootID: "", hostname: "", intervalSeconds: 10)
        #expect(machine.isFresh(at: 149) && !machine.isFresh(at: 151))
    }
}
