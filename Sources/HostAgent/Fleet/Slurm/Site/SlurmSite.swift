public import Passthrough

/// How a site runs guests through Slurm: what the site file says. It travels in the spool, so that every node reads the same.
public struct SlurmSite: Codable, Equatable, Sendable {
    /// Nodes that have the same cards at the same places.
    public struct Nodes: Codable, Equatable, Sendable {
        /// Their names, as Slurm writes many: "gpu[01-08]".
        public var names: String
        /// Their cards, by GRES index: the order of the lines of gpu in gres.conf.
        public var gpus: [PCIAddress]
    }

    /// A folder under the same path on every node and here: spools, golden images, and disks where there is no `scratch`.
    public var shared: String
    /// A folder of each node for its guests' disks; nil where they are on `shared` too.
    public var scratch: String?
    /// This tool's path on the nodes; nil where it is the path here.
    public var tool: String?
    public var partition: String?
    public var account: String?
    public var qos: String?
    /// A guest's longest life, as `sbatch --time` takes it; nil for the partition's.
    public var timeLimit: String?
    /// More arguments of sbatch.
    public var sbatch: [String] = []
    /// The GRES type for a `match` of a manifest: "A100" → "a100".
    public var gpuTypes: [String: String] = [:]
    /// What QEMU takes besides the guest's memory, asked of Slurm with it.
    public var memoryOverheadBytes: Int64 = 512 << 20
    /// How long a guest may take to power off, seconds.
    public var graceSeconds = 120
    /// How often the queue and the spool are looked at, seconds: neither has an event to wait for.
    public var pollSeconds = 5
    /// Guests of an array: at most one less than the MaxArraySize of slurm.conf (1001 by default).
    public var arraySize = 1000
    public var nodes: [Nodes] = []

    init(shared: String) {
        self.shared = shared
    }

    /// The spool of a fleet.
    public func spool(fleet: String) -> SlurmSpool { SlurmSpool(folder: "\(shared)/spool/\(fleet)") }

    /// Golden images, read by every node.
    public var goldens: String { "\(shared)/golden" }

    /// The cards of a node by their GRES index; nil for a node that no pattern names.
    public func gpus(of node: String) -> [PCIAddress]? {
        nodes.first { HostList.names($0.names)?.contains(node) == true }?.gpus
    }
}
