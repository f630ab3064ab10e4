import Contract
public import Machines

/// A guest as `fleet status` shows it.
public struct GuestStatus: Codable, Equatable, Sendable {
    public enum State: String, Codable, CaseIterable, Sendable {
        case running
        case stopped
        case crashed
        /// A command works on it.
        case working
        /// Its last task failed.
        case failed
        /// Its last task was cut off; `apply` goes on with it.
        case unfinished
        /// It is in the manifest, and was never made.
        case absent
    }

    public var name: String
    public var state: State
    /// The task that works, failed or was cut off; nil otherwise.
    public var task: FleetPlan.Action?
    /// Why it failed, or crashed. Cleaned for a terminal.
    public var words: [String]
    /// Its VM's name: of `ssh`, `logs`, `stop`.
    public var machine: String
    /// PCI addresses on the host, or "simulated".
    public var gpus: [String]
    public var sshPort: UInt16?
    public var user: String?
    /// Seconds that it has been running; nil unless it runs.
    public var uptimeSeconds: Double?
    /// The digest of its golden image's recipe.
    public var golden: String?
    public var labels: [String: String]

    /// - Parameters:
    ///   - facts: Of its VM; nil where there is none.
    ///   - isWorkedOn: Whether a command holds the fleets' lock.
    public init(_ record: GuestRecord, _ facts: MachineFacts?, isWorkedOn: Bool) {
        name = record.name
        machine = record.blueprint.machine
        golden = record.blueprint.golden
        labels = record.blueprint.settings.labels ?? [:]
        words = []
        switch record.phase {
        case .working:
            state = isWorkedOn ? .working : .unfinished
            task = record.action
        case .failed:
            state = .failed
            task = record.action
            words = record.failure.map { [$0.message] } ?? []
        case .done:
            switch facts?.state {
            case .running: state = .running
            case .crashed: state = .crashed
            case .starting, .stopped, .unknown, nil: state = .stopped
            }
            words = facts?.words ?? []
        }
        let isRunning = facts?.state == .running
        gpus = isRunning ? facts?.gpus ?? [] : []
        sshPort = facts?.sshPort ?? record.start?.sshPort
        user = facts?.user ?? record.start?.user
        uptimeSeconds = facts?.uptimeSeconds
    }

    /// One that is only declared.
    public init(absent guest: DeclaredGuest, fleet: String) {
        name = guest.name
        state = .absent
        words = []
        machine = GuestBlueprint.machine(fleet, guest.name)
        gpus = []
        labels = guest.settings.labels ?? [:]
    }
}
