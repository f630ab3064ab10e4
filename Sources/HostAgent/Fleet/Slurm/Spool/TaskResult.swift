public import Contract
public import Passthrough
public import Provisioner

/// How a guest's job stands, by its own word: a file of the spool, replaced whole.
public struct TaskResult: Codable, Equatable, Sendable {
    /// Open: a newer tool on the nodes may say more.
    public struct State: RawRepresentable, Codable, Hashable, Sendable {
        public var rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The job has begun; the guest is being made.
        public static let starting = State(rawValue: "starting")
        /// The guest is up, and can be used.
        public static let running = State(rawValue: "running")
        /// The guest ended in order: by itself, or because it was told to.
        public static let ended = State(rawValue: "ended")
        /// It failed in a way that may pass; Slurm was asked to queue the job again.
        public static let retrying = State(rawValue: "retrying")
        public static let failed = State(rawValue: "failed")
    }

    public var state: State
    /// The array element, as scancel takes it: "123_4".
    public var job: String
    /// How often Slurm had begun this job before.
    public var attempt: Int
    public var node: String
    /// Whether the guest was up in this attempt of the job, or in an earlier one.
    public var wasUp = false
    /// On 127.0.0.1 of the node.
    public var sshPort: UInt16?
    public var gpus: [PCIAddress] = []
    /// From the job's begin until the guest was up, seconds.
    public var bootSeconds: Double?
    /// That CUDA works in the guest; nil where it was not asked.
    public var proof: MachineProof?
    public var failure: Failure?
    /// When this was written, seconds since 1970 by the node's clock.
    public var at: Double

    public init(state: State, job: String, attempt: Int, node: String, at: Double) {
        self.state = state
        self.job = job
        self.attempt = attempt
        self.node = node
        self.at = at
    }
}
