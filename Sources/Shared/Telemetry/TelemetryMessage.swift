/// What a guest's sampler says to its host: one JSON object per line (``TelemetryLine``).
public struct TelemetryMessage: Equatable, Sendable {
    /// The schema that this version writes. A reader takes any and passes over what it does not know.
    public static let currentSchema = 1

    /// What is said.
    public enum Body: Equatable, Sendable {
        /// First on each connection.
        case hello(TelemetryHello)
        case sample(TelemetrySample)
        case status(SamplerStatus)
        case xid(XidEvent)
        /// What a newer agent says.
        case unknown
    }

    /// Grows by one with each message of a sampler that is kept (samples, events), and begins anew with each `sampler` of ``TelemetryHello``:
    /// after a connection was lost, what comes twice is recognised by it. 0 for what is not kept (hello, status).
    public var sequence: UInt64
    /// How long ago it was measured, at the moment of sending, by the guest's monotonic clock: the host reckons the time by
    /// its own clock, and a guest's clock may be wrong.
    public var ageSeconds: Double
    public var body: Body

    /// A message.
    public init(sequence: UInt64 = 0, ageSeconds: Double = 0, body: Body) {
        self.sequence = sequence
        self.ageSeconds = ageSeconds
        self.body = body
    }
}

/// Who speaks.
public struct TelemetryHello: Codable, Equatable, Sendable {
    /// Version of the agent.
    public var agent: String
    /// Names this life of the sampler: random, new at each start.
    public var sampler: String
    /// The guest's boot id.
    public var bootID: String
    /// The guest's own name. Shown, never trusted.
    public var hostname: String
    /// How often nvidia-smi is asked to tell.
    public var intervalSeconds: Double

    /// A hello.
    public init(agent: String, sampler: String, bootID: String, hostname: String, intervalSeconds: Double) {
        self.agent = agent
        self.sampler = sampler
        self.bootID = bootID
        self.hostname = hostname
        self.intervalSeconds = intervalSeconds
    }
}

extension TelemetryMessage: Codable {
    private enum CodingKeys: String, CodingKey {
        case schema, sequence, ageSeconds, hello, sample, status, xid
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        _ = try values.decode(Int.self, forKey: .schema)
        sequence = try values.decodeIfPresent(UInt64.self, forKey: .sequence) ?? 0
        let age = try values.decodeIfPresent(Double.self, forKey: .ageSeconds) ?? 0
        ageSeconds = age.isFinite ? max(0, age) : 0
        if let sample = try values.decodeIfPresent(TelemetrySample.self, forKey: .sample) {
            body = .sample(sample)
        } else if let status = try values.decodeIfPresent(SamplerStatus.self, forKey: .status) {
            body = .status(status)
        } else if let xid = try values.decodeIfPresent(XidEvent.self, forKey: .xid) {
            body = .xid(xid)
        } else if let hello = try values.decodeIfPresent(TelemetryHello.self, forKey: .hello) {
            body = .hello(hello)
        } else {
            body = .unknown
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(Self.currentSchema, forKey: .schema)
        if sequence > 0 { try values.encode(sequence, forKey: .sequence) }
        if ageSeconds > 0 { try values.encode(ageSeconds, forKey: .ageSeconds) }
        switch body {
        case .hello(let hello): try values.encode(hello, forKey: .hello)
        case .sample(let sample): try values.encode(sample, forKey: .sample)
        case .status(let status): try values.encode(status, forKey: .status)
        case .xid(let xid): try values.encode(xid, forKey: .xid)
        case .unknown: break
        }
    }
}
