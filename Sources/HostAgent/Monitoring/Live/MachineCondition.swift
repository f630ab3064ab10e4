public import Telemetry

/// How a machine's telemetry is at a moment, as one word: what the terminal, the page and the JSON say of it. The first that holds.
public enum MachineCondition: Equatable, Sendable {
    /// The machine does not run.
    case stopped
    /// It is not reached, or has not spoken yet; why, in words.
    case waiting(String)
    /// It is reached and has said nothing for that many seconds, more than ``silentSeconds``.
    case silent(Double)
    /// Its sampler is in a state other than sampling; detail in the sampler's words, which may be empty.
    case sampler(SamplerState, String)
    /// Its sampler works, and yet the newest sample is that many seconds old; nil where there is none.
    case stale(Double?)
    /// Samples come.
    case live

    /// Three heartbeats without a word.
    public static let silentSeconds = 3 * TelemetryLimits.heartbeatSeconds

    /// The word: "live", "stale", "silent", "waiting", "stopped", or the sampler's state ("hung", "no-driver").
    public var word: String {
        switch self {
        case .stopped: "stopped"
        case .waiting: "waiting"
        case .silent: "silent"
        case .sampler(let state, _): state.rawValue
        case .stale: "stale"
        case .live: "live"
        }
    }

    /// The rest in words, for people; empty where the word says it all.
    public var detail: String {
        switch self {
        case .stopped: "the machine does not run"
        case .waiting(let why): why
        case .silent(let seconds): "nothing heard for \(Int(min(seconds, 1e9))) s"
        case .sampler(let state, let detail): detail.isEmpty ? Self.meaning(of: state) : detail
        case .stale(let age?): "the newest sample is \(Int(min(age, 1e9))) s old"
        case .stale(nil): "no sample yet"
        case .live: ""
        }
    }

    private static func meaning(of state: SamplerState) -> String {
        switch state {
        case .starting: "nvidia-smi was started"
        case .hung: "nvidia-smi runs and says nothing"
        case .failing: "nvidia-smi fails"
        case .noTool: "there is no nvidia-smi"
        case .noDriver: "the nvidia module is not loaded"
        case .noGPU: "no GPU is seen"
        default: ""
        }
    }
}

extension MachineTelemetry {
    /// How it is at `now`, seconds since 1970.
    public func condition(at now: Double) -> MachineCondition {
        switch link {
        case .stopped: return .stopped
        case .waiting(let why): return .waiting(why)
        case .connected: break
        }
        guard let heardAt else { return .waiting("it has not spoken yet") }
        if now - heardAt > MachineCondition.silentSeconds { return .silent(now - heardAt) }
        if let status, status.state != .sampling { return .sampler(status.state, status.detail) }
        return isFresh(at: now) ? .live : .stale(sampleAge(at: now))
    }
}
