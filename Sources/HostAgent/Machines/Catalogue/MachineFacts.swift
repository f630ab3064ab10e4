public import VirtualMachines

/// A VM as `list` shows it.
public struct MachineFacts: Codable, Equatable, Sendable {
    /// Where a VM comes from.
    public enum Kind: String, Codable, Sendable {
        /// `start` made it.
        case machine
        /// A run that provisions, proves or looks: it goes when the run has come to its end.
        case provisioning, proof
        case dryRun = "dry-run"
    }

    /// How it is.
    public enum State: String, Codable, Sendable {
        /// A command works on it, and QEMU does not run (yet).
        case starting
        case running
        /// Never started, or ended in order.
        case stopped
        /// QEMU ended otherwise: killed, given up, gone with the host's power.
        case crashed
        /// What is noted of it cannot be read.
        case unknown
    }

    public var name: String
    public var kind: Kind
    public var state: State
    /// Of a VM that crashed, QEMU's last words; of one that is unknown, what is wrong. Cleaned for a terminal.
    public var words: [String]
    /// The image: of a run, the one that is provisioned.
    public var image: String
    public var isSnapshot: Bool
    /// PCI addresses on the host, or "simulated".
    public var gpus: [String]
    /// The port of 127.0.0.1 that leads to the guest's SSH; nil before the first start.
    public var sshPort: UInt16?
    /// Further ports of 127.0.0.1 that lead into the guest.
    public var forwards: [PortForward]
    /// Who can log in, once that is known.
    public var user: String?
    /// QEMU's process; nil unless it runs.
    public var pid: Int32?
    /// Seconds since 1970 of the last launch.
    public var launchedAt: Double?
    /// Seconds that it has been running; nil unless it runs.
    public var uptimeSeconds: Double?
    public var cpus: Int?
    public var memoryBytes: Int64?
    /// Where its files are.
    public var folder: String
}
