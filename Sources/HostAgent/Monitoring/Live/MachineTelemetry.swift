public import Telemetry

/// What is known of one machine's GPUs at this moment. A value: whoever shows it, serves it or keeps it reads the same.
public struct MachineTelemetry: Equatable, Sendable {
    /// Its name here: the VM's of `start`, or USER@HOST of an attached machine. The label `vm`.
    public var name: String
    /// How it is reached.
    public var link: TelemetryLink
    /// Who speaks there; nil until it did.
    public var hello: TelemetryHello?
    /// How its sampler is; nil until it told.
    public var status: SamplerStatus?
    /// When it last said anything, seconds since 1970 by the host's clock.
    public var heardAt: Double?
    /// Its newest sample.
    public var sample: TelemetrySample?
    /// When that was measured, seconds since 1970 by the host's clock.
    public var sampledAt: Double?
    /// Its last Xid errors, oldest first, at most ``eventLimit``.
    public var events: [TimedXid]
    /// How many Xid errors it told of, by GPU ("0000:00:16.0", or "") and number.
    public var xidCounts: [XidKey: Int]
    /// The recent past of each GPU, by ``GPUSample/index``.
    public var history: [Int: GPUHistory]
    /// Messages that the guest threw away, lines that were nonsense, bytes that were thrown away unread.
    public var losses: TelemetryLosses
    /// When ``link`` became what it is, seconds since 1970; nil before the first word of it.
    public var linkedAt: Double?
    /// The newest ``TelemetryMessage/sequence`` of this sampler's: what is not above it came before.
    public var lastSequence: UInt64 = 0

    /// Events that are kept at hand.
    public static let eventLimit = 100
    /// A sample older than this, in intervals of the sampler's and at least 5 s, is told no more: no flat lines of what is not known.
    public static let freshIntervals = 5.0

    /// A machine that has not spoken.
    public init(name: String, link: TelemetryLink = .waiting("not reached yet")) {
        self.name = name
        self.link = link
        events = []
        xidCounts = [:]
        history = [:]
        losses = TelemetryLosses()
    }

    /// How old the newest sample is at `now`; nil where there is none.
    public func sampleAge(at now: Double) -> Double? { sampledAt.map { max(0, now - $0) } }

    /// Whether the newest sample may be shown as how things are.
    public func isFresh(at now: Double) -> Bool {
        guard let age = sampleAge(at: now) else { return false }
        return age <= max(5, Self.freshIntervals * (hello?.intervalSeconds ?? 1))
    }
}

/// How a machine's sampler is reached.
public enum TelemetryLink: Equatable, Sendable {
    /// Connected.
    case connected
    /// Not now, and why, in words: "the VM starts", "the guest's sampler does not run".
    case waiting(String)
    /// The machine is not running: its series end.
    case stopped
}

/// An Xid error and when it was, seconds since 1970 by the host's clock.
public struct TimedXid: Equatable, Sendable {
    public var time: Double
    public var event: XidEvent

    public init(time: Double, event: XidEvent) {
        self.time = time
        self.event = event
    }
}

/// What Xid errors are counted by.
public struct XidKey: Hashable, Sendable {
    /// "0000:00:16.0", or "" where the line did not tell.
    public var pciAddress: String
    /// 79.
    public var code: Int

    public init(pciAddress: String, code: Int) {
        self.pciAddress = pciAddress
        self.code = code
    }
}

/// What of a machine's messages never arrived.
public struct TelemetryLosses: Equatable, Sendable {
    /// Thrown away in the guest because nobody came for them.
    public var droppedInGuest = 0
    /// Lines that were no message.
    public var nonsense = 0
    /// Bytes thrown away unread: lines too long, floods.
    public var floodedBytes = 0
    /// Messages that this process did not hear: it was too slow for the one that hears the machine and passes its words on.
    public var missed = 0

    /// None.
    public init() {}
}

/// All machines at one moment.
public struct TelemetrySnapshot: Equatable, Sendable {
    /// Seconds since 1970.
    public var time: Double
    /// By name.
    public var machines: [MachineTelemetry]

    public init(time: Double, machines: [MachineTelemetry]) {
        self.time = time
        self.machines = machines
    }
}
