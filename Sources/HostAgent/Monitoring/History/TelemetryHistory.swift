public import GPUReadings

/// What happened on a GPU over time.
public struct HistoryQuery: Equatable, Sendable {
    public var machine: String
    /// ``Telemetry/GPUSample/index``.
    public var gpu: Int
    public var fact: GPUFact
    /// Seconds since 1970, the first included, the last not.
    public var from: Double
    public var to: Double
    /// Seconds for which one point stands; nil for as fine as it is kept, or as ``pointLimit`` allows.
    public var step: Double?

    /// No answer has more points.
    public static let pointLimit = 11_000

    public init(machine: String, gpu: Int, fact: GPUFact, from: Double, to: Double, step: Double? = nil) {
        self.machine = machine
        self.gpu = gpu
        self.fact = fact
        self.from = from
        self.to = to
        self.step = step
    }
}

/// What a fact was in one step of time.
public struct HistoryPoint: Equatable, Sendable {
    /// When the step began, seconds since 1970.
    public var time: Double
    public var mean: Double
    public var minimum: Double
    public var maximum: Double
    /// Samples behind it.
    public var count: Int

    public init(time: Double, mean: Double, minimum: Double, maximum: Double, count: Int) {
        self.time = time
        self.mean = mean
        self.minimum = minimum
        self.maximum = maximum
        self.count = count
    }

    /// A single sample.
    public init(time: Double, value: Double) {
        self.init(time: time, mean: value, minimum: value, maximum: value, count: 1)
    }
}

/// An answer: gaps are where nothing was known.
public struct HistorySeries: Equatable, Sendable {
    /// Seconds between points.
    public var step: Double
    /// By time.
    public var points: [HistoryPoint]

    public init(step: Double, points: [HistoryPoint]) {
        self.step = step
        self.points = points
    }
}

/// An Xid error or a change of state that was kept.
public struct HistoryEvent: Equatable, Sendable {
    /// Seconds since 1970.
    public var time: Double
    public var machine: String
    /// "xid", "sampler" or "link".
    public var kind: String
    /// The Xid's number.
    public var code: Int?
    public var pciAddress: String?
    public var text: String

    public init(time: Double, machine: String, kind: String, code: Int?, pciAddress: String?, text: String) {
        self.time = time
        self.machine = machine
        self.kind = kind
        self.code = code
        self.pciAddress = pciAddress
        self.text = text
    }
}

/// Where the past is kept. Each throws a ``Contract/Failure``.
public protocol TelemetryHistory: Sendable {
    func series(_ query: HistoryQuery) throws -> HistorySeries
    /// The newest first, at most `limit`; of all machines without one.
    func events(of machine: String?, from: Double, to: Double, limit: Int) throws -> [HistoryEvent]
}
