public import Passthrough

/// What a host can give to guests.
public struct HostCapacity: Equatable, Sendable {
    /// A GPU that can be passed on.
    public struct GPU: Equatable, Sendable {
        /// Its card's first function.
        public var address: PCIAddress
        /// What `match` is compared with: "NVIDIA A100-SXM4-80GB", its marketing name, its ids.
        public var names: [String]
        /// Its IOMMU group; nil where that is not known. What is in one group goes to one guest.
        public var group: Int?
        /// The firmware's screen is on it: it goes only to a guest that names its address.
        public var isBootDisplay: Bool
        /// Who has it besides this fleet's guests, who therefore cannot: "python3 (815)".
        public var holder: String?

        public init(
            address: PCIAddress, names: [String], group: Int? = nil, isBootDisplay: Bool = false, holder: String? = nil
        ) {
            self.address = address
            self.names = names
            self.group = group
            self.isBootDisplay = isBootDisplay
            self.holder = holder
        }
    }

    public var gpus: [GPU]
    /// Memory that guests may take together.
    public var memoryBytes: Int64
    /// Virtual CPUs that guests may have together; more than the host has is a choice of the user's.
    public var cpus: Int
    /// Things that are done at once: builds, first boots, shutdowns.
    public var jobs: Int

    public init(gpus: [GPU], memoryBytes: Int64, cpus: Int, jobs: Int) {
        self.gpus = gpus
        self.memoryBytes = memoryBytes
        self.cpus = cpus
        self.jobs = jobs
    }
}

/// What a guest takes of a host while it is there.
public struct GuestNeed: Codable, Hashable, Sendable {
    public var gpus: GPUWish
    public var memoryBytes: Int64
    public var cpus: Int

    public init(gpus: GPUWish, memoryBytes: Int64, cpus: Int) {
        self.gpus = gpus
        self.memoryBytes = memoryBytes
        self.cpus = cpus
    }
}
