import Synchronization
import Telemetry
import Testing

@testable import Monitoring

struct TelemetryHubTests {
    /// A process that was asked for one machine may be the one that hears all, for the others.
    @Test func whoIsAskedForOneMachineKnowsAllAndTellsOne() {
        let kept = Mutex<[String]>([])
        let hub = TelemetryHub(chosen: ["a"]) { machine, _ in kept.withLock { $0.append(machine) } }
        for name in ["b", "a", "c"] { hub.take(.connected, of: name, at: 1) }
        #expect(hub.snapshot(at: 2).machines.map(\.name) == ["a"])
        #expect(hub.everything(at: 2).machines.map(\.name) == ["a", "b", "c"])
        #expect(kept.withLock { $0 } == ["a"])
    }

    @Test func withoutAChoiceAllAreAskedFor() {
        let hub = TelemetryHub()
        for name in ["b", "a"] { hub.take(.connected, of: name, at: 1) }
        #expect(hub.snapshot(at: 2) == hub.everything(at: 2))
        #expect(hub.snapshot(at: 2).machines.count == 2)
    }
}
