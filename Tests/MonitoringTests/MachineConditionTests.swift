import Telemetry
import Testing

@testable import Monitoring

struct MachineConditionTests {
    @Test func theFirstThatHolds() {
        var machine = MachineTelemetry(name: "vm")
        #expect(machine.condition(at: 0) == .waiting("not reached yet"))
        machine.link = .connected
        #expect(machine.condition(at: 0).word == "waiting")
        machine.heardAt = 100
        #expect(machine.condition(at: 115) == .stale(nil))
        #expect(machine.condition(at: 115.5) == .silent(15.5))
        machine.sampledAt = 100
        #expect(machine.condition(at: 104) == .live && machine.condition(at: 106) == .stale(6))
        machine.status = SamplerStatus(state: .noDriver)
        #expect(machine.condition(at: 104).detail == "the nvidia module is not loaded")
        machine.status = SamplerStatus(state: SamplerState(rawValue: "asleep"), detail: "till noon")
        #expect(machine.condition(at: 104).word == "asleep" && machine.condition(at: 104).detail == "till noon")
        machine.link = .stopped
        #expect(machine.condition(at: 104) == .stopped)
    }
}
