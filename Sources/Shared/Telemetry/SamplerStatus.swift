/// How the sampler in a guest is. Sent when it changes, and at least every ``TelemetryLimits/heartbeatSeconds``: a guest that
/// says nothing for longer is away, whatever its last sample was.
public struct SamplerStatus: Codable, Equatable, Sendable {
    /// What it does.
    public var state: SamplerState
    /// In words, for people: what nvidia-smi said, or what is missing. Empty while it works.
    public var detail: String
    /// How long it has been in this state.
    public var forSeconds: Double
    /// How often nvidia-smi was started again since the sampler began.
    public var restarts: Int
    /// How old the newest sample is; nil where there is none.
    public var sampleAgeSeconds: Double?
    /// Messages that were thrown away because nobody came for them.
    public var dropped: Int

    /// A status.
    public init(
        state: SamplerState, detail: String = "", forSeconds: Double = 0, restarts: Int = 0,
        sampleAgeSeconds: Double? = nil, dropped: Int = 0
    ) {
        self.state = state
        self.detail = detail
        self.forSeconds = forSeconds
        self.restarts = restarts
        self.sampleAgeSeconds = sampleAgeSeconds
        self.dropped = dropped
    }
}

/// What a sampler does. Open: a newer agent may have states that an older host does not know.
public struct SamplerState: RawRepresentable, Codable, Hashable, Sendable {
    public var rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    /// nvidia-smi was started and has not answered yet.
    public static let starting = SamplerState(rawValue: "starting")
    /// Samples come.
    public static let sampling = SamplerState(rawValue: "sampling")
    /// nvidia-smi runs and says nothing: it is killed and started again.
    public static let hung = SamplerState(rawValue: "hung")
    /// nvidia-smi ended, or prints what is no sample.
    public static let failing = SamplerState(rawValue: "failing")
    /// There is no nvidia-smi.
    public static let noTool = SamplerState(rawValue: "no-nvidia-smi")
    /// The kernel has no nvidia module loaded.
    public static let noDriver = SamplerState(rawValue: "no-driver")
    /// The machine has no GPU, or nvidia-smi sees none.
    public static let noGPU = SamplerState(rawValue: "no-gpu")

    /// All that this version knows.
    public static let known: [SamplerState] = [.starting, .sampling, .hung, .failing, .noTool, .noDriver, .noGPU]
}
