public import Host
public import Passthrough

extension HostCapacity {
    /// What this host can give to a fleet's guests.
    ///
    /// - Parameters:
    ///   - ours: Cards that guests of this fleet hold.
    ///   - elsewhere: Memory of VMs that are not this fleet's, bytes.
    ///   - jobs: How many things are done at once.
    ///   - overcommit: Virtual CPUs for each of the host's.
    public init(
        _ gpus: [HostGPU], memory: HostMemory, cpus: Int, ours: Set<PCIAddress>, elsewhere: Int64, jobs: Int,
        overcommit: Int
    ) {
        self.init(
            gpus: gpus.map { GPU($0, isOurs: ours.contains($0.address)) },
            memoryBytes: max(0, Self.forGuests(of: memory.total) - elsewhere), cpus: cpus * overcommit, jobs: jobs)
    }

    /// A twentieth of the memory, and one GiB at least, is the host's own.
    static func forGuests(of total: Int64) -> Int64 { max(0, total - max(1 << 30, total / 20)) }

    /// Things done at once where nobody says: a quarter of the CPUs, two at least, sixteen at most.
    public static func usualJobs(cpus: Int) -> Int { min(16, max(2, cpus / 4)) }

    /// OpenStack's usual ratio (nova: initial_cpu_allocation_ratio was 16.0 for a decade): GPU guests seldom use all CPUs.
    public static let usualOvercommit = 16
}

extension HostCapacity.GPU {
    init(_ gpu: HostGPU, isOurs: Bool) {
        let holders = gpu.holders.filter { $0.kind != .persistenceDaemon }
        self.init(
            address: gpu.address,
            names: [gpu.name, gpu.marketingName, gpu.marketingName.map { "NVIDIA \($0)" }, gpu.subsystemName]
                .compactMap { $0 } + ["\(gpu.vendorID):\(gpu.deviceID)"],
            group: gpu.iommuGroup, isBootDisplay: gpu.bootVGA,
            holder: isOurs || holders.isEmpty ? nil : holders.map(\.title).joined(separator: ", "))
    }
}
