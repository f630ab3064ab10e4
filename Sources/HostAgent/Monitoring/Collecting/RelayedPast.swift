import Telemetry

/// What of a machine cannot be heard again by a listener that comes later: it replaces what that one has, so that nothing is counted twice.
struct RelayedPast: Codable, Equatable {
    struct Event: Codable, Equatable {
        var time: Double
        var xid: XidEvent
    }

    struct Count: Codable, Equatable {
        var pciAddress: String
        var code: Int
        var count: Int
    }

    var events: [Event]
    var xidCounts: [Count]
    var nonsense: Int
    var floodedBytes: Int

    init(of machine: MachineTelemetry) {
        events = machine.events.map { Event(time: $0.time, xid: $0.event) }
        xidCounts = machine.xidCounts.map { Count(pciAddress: $0.key.pciAddress, code: $0.key.code, count: $0.value) }
            .sorted { ($0.pciAddress, $0.code) < ($1.pciAddress, $1.code) }
        (nonsense, floodedBytes) = (machine.losses.nonsense, machine.losses.floodedBytes)
    }
}

extension MachineTelemetry {
    /// Takes the past from the process that heard it. What this process missed itself stays.
    mutating func take(_ past: RelayedPast) {
        events = past.events.suffix(Self.eventLimit).map { TimedXid(time: $0.time, event: $0.xid) }
        xidCounts = [:]
        for count in past.xidCounts.prefix(Self.xidKeyLimit) {
            xidCounts[XidKey(pciAddress: count.pciAddress, code: count.code)] = max(0, count.count)
        }
        (losses.nonsense, losses.floodedBytes) = (past.nonsense, past.floodedBytes)
    }
}
