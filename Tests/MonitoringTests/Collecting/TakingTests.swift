import GPUReadings
import MonitoringFakes
import Telemetry
import Testing

@testable import Monitoring

struct TakingTests {
    private func sample(_ sequence: UInt64, _ celsius: Double, age: Double = 0) -> TelemetryMessage {
        TelemetryMessage(sequence: sequence, ageSeconds: age, body: .sample(.celsius(celsius)))
    }

    private func hello(_ sampler: String) -> TelemetryMessage {
        TelemetryMessage(
            body: .hello(
                TelemetryHello(agent: "1", sampler: sampler, bootID: "b", hostname: "h", intervalSeconds: 1)))
    }

    @Test func theTimeIsTheHostsLessTheAge() {
        var machine = MachineTelemetry(name: "vm")
        #expect(machine.take(sample(1, 40, age: 2.5), at: 100) == .sample(.celsius(40), at: 97.5))
        #expect(machine.sampledAt == 97.5 && machine.heardAt == 100)
        #expect(machine.history[0]?.points.map(\.time) == [97.5])
    }

    @Test func whatComesTwiceCountsOnce() {
        var machine = MachineTelemetry(name: "vm")
        _ = machine.take(hello("one"), at: 1)
        #expect(machine.take(sample(5, 40), at: 2) != nil)
        #expect(machine.take(sample(5, 41), at: 3) == nil)
        _ = machine.take(hello("one"), at: 4)
        #expect(machine.take(sample(4, 41), at: 5) == nil)
        #expect(machine.sample?.celsius == 40)
        // A new life of the sampler numbers anew.
        _ = machine.take(hello("two"), at: 6)
        #expect(machine.take(sample(1, 42), at: 7) != nil)
        #expect(machine.sample?.celsius == 42)
    }

    @Test func whatIsLateDoesNotReplaceWhatIsNewer() {
        var machine = MachineTelemetry(name: "vm")
        _ = machine.take(sample(1, 50), at: 100)
        #expect(machine.take(sample(2, 20, age: 60), at: 101) == .sample(.celsius(20), at: 41))
        #expect(machine.sample?.celsius == 50 && machine.sampledAt == 100)
    }

    @Test func anAgeBeyondBeliefIsNonsense() {
        var machine = MachineTelemetry(name: "vm")
        #expect(machine.take(sample(1, 50, age: 1e300), at: 100) == nil)
        #expect(machine.losses.nonsense == 1 && machine.sample == nil)
    }

    @Test func aGPUIsToldOnce() {
        var machine = MachineTelemetry(name: "vm")
        var sample = TelemetrySample.celsius(1, gpus: 2)
        sample.gpus += TelemetrySample.celsius(2, gpus: 1).gpus + [GPUSample(index: -1), GPUSample(index: .max)]
        _ = machine.take(TelemetryMessage(sequence: 1, body: .sample(sample)), at: 1)
        #expect(machine.sample?.gpus.map(\.index) == [0, 1])
        #expect(machine.sample?.celsius == 1)
    }

    @Test func numbersOfGPUsThatChangeDoNotPileUp() {
        var machine = MachineTelemetry(name: "vm")
        for round in 0..<200 {
            let sample = TelemetrySample(gpus: (0..<8).map { GPUSample(index: (round * 8 + $0) % 4000) })
            _ = machine.take(TelemetryMessage(sequence: UInt64(round + 1), body: .sample(sample)), at: Double(round))
        }
        #expect(machine.history.count <= TelemetryLimits.gpus)
    }

    @Test func xidsAreCountedAndBounded() {
        var machine = MachineTelemetry(name: "vm")
        for sequence in 1...1000 {
            let xid = XidEvent(code: sequence % 700, pciAddress: "0000:00:16.0", text: "text")
            _ = machine.take(TelemetryMessage(sequence: UInt64(sequence), body: .xid(xid)), at: Double(sequence))
        }
        #expect(machine.events.count == MachineTelemetry.eventLimit && machine.events.last?.time == 1000)
        #expect(machine.xidCounts.count == MachineTelemetry.xidKeyLimit)
        #expect(machine.xidCounts[XidKey(pciAddress: "0000:00:16.0", code: 5)] == 2)
        let lie = XidEvent(code: -3, text: "")
        #expect(machine.take(TelemetryMessage(sequence: 2000, body: .xid(lie)), at: 1) == nil)
        #expect(machine.losses.nonsense == 1)
    }

    @Test func aStateIsNewsWhenItChanges() {
        var machine = MachineTelemetry(name: "vm")
        let hung = TelemetryMessage(body: .status(SamplerStatus(state: .hung, detail: "says nothing", dropped: 7)))
        #expect(machine.take(hung, at: 9) == .sampler(.hung, detail: "says nothing", at: 9))
        #expect(machine.take(hung, at: 14) == nil)
        #expect(machine.heardAt == 14 && machine.losses.droppedInGuest == 7)
        #expect(machine.take(.stopped, at: 20) == .link(.stopped, at: 20))
        #expect(machine.take(.stopped, at: 21) == nil && machine.linkedAt == 20)
    }
}
