public import Telemetry

/// In one word how a machine's telemetry is: the host's view first, then what the sampler says of itself.
public struct MachineCondition: Hashable, Sendable {
    /// A ``SamplerState``, or one of the words below.
    public let name: String

    private init(_ name: String) {
        self.name = name
    }

    /// The machine does not run.
    public static let stopped = MachineCondition("stopped")
    /// It is not connected (yet).
    public static let waiting = MachineCondition("waiting")
    /// It is connected and said nothing for three heartbeats.
    public static let silent = MachineCondition("silent")
    /// Its sampler is in a state that this version does not know.
    public static let other = MachineCondition("other")

    /// What a sampler says of itself.
    public static func sampler(_ state: SamplerState) -> MachineCondition {
        SamplerState.known.contains(state) ? MachineCondition(state.rawValue) : other
    }

    /// All there are.
    public static let all = SamplerState.known.map { sampler($0) } + [silent, waiting, stopped, other]

    /// The machine's at `now`.
    public init(of machine: MachineTelemetry, at now: Double) {
        switch machine.link {
        case .stopped: self = .stopped
        case .waiting: self = .waiting
        case .connected where machine.isSilent(at: now): self = .silent
        case .connected: self = machine.status.map { .sampler($0.state) } ?? .waiting
        }
    }
}
