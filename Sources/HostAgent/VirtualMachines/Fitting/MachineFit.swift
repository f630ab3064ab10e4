import Contract
public import Host
public import Passthrough

/// How a machine is fitted to this host and its GPUs: what ``MachineSpecification`` cannot know by itself.
public struct MachineFit: Codable, Equatable, Sendable {
    /// Each GPU with all functions of its slot.
    public var gpus: [GPUAttachment]
    /// From the cards' BARs; nil without a real card.
    public var windows: MemoryWindows?
    /// Bytes of a hugepage; nil for ordinary pages.
    public var hugepageBytes: Int64?
    /// The NUMA node that the guest is kept on.
    public var numa: NUMABinding?

    /// A fit.
    public init(
        gpus: [GPUAttachment], windows: MemoryWindows? = nil, hugepageBytes: Int64? = nil, numa: NUMABinding? = nil
    ) {
        self.gpus = gpus
        self.windows = windows
        self.hugepageBytes = hugepageBytes
        self.numa = numa
    }
}

/// What is to be fitted.
public struct FitRequest: Sendable {
    /// The GPUs' addresses; empty for a machine without a real one.
    public var cards: [PCIAddress]
    public var machine: MachineType
    public var firmware: Firmware
    public var accelerator: Accelerator
    /// The guest's memory.
    public var memoryBytes: Int64
    /// Nil for ordinary pages.
    public var hugepages: HugepageRequest?
    public var numa: NUMARequest
    /// Whether the guest may run already, and hold what would be looked for.
    public var mayRun: Bool

    /// A request.
    public init(
        cards: [PCIAddress], machine: MachineType, firmware: Firmware, accelerator: Accelerator, memoryBytes: Int64,
        hugepages: HugepageRequest? = nil, numa: NUMARequest = .auto, mayRun: Bool = false
    ) {
        self.cards = cards
        self.machine = machine
        self.firmware = firmware
        self.accelerator = accelerator
        self.memoryBytes = memoryBytes
        self.hugepages = hugepages
        self.numa = numa
        self.mayRun = mayRun
    }
}

/// Fits a machine to the host that `tree` shows. Reads only.
///
/// - Returns: The fit, and what the user should know, one sentence each.
/// - Throws: ``Failures`` with all that stands in the way: no such device, too few hugepages, a NUMA node that is not there,
///   memory that may not be locked.
public func fitMachine(
    _ request: FitRequest, to tree: some HostTree
) async throws -> (fit: MachineFit, warnings: [String]) {
    var failures: [Failure] = []
    var warnings: [String] = []
    func attempt<Value>(_ body: () throws -> Value) -> Value? {
        do { return try body() } catch {
            failures.append(
                error as? Failure
                    ?? Failure(
                        .internal, operation: "fit the VM to this host", message: "\(error)",
                        remedy: "Please report this.", side: .host))
            return nil
        }
    }
    let pci = HostPCI(tree)
    let cards = request.cards.compactMap { address in attempt { try pci.card(address) } }
    var fit = MachineFit(
        gpus: cards.map { .vfio($0.primary.address, companions: $0.companions.map(\.address).sorted()) })
    if !cards.isEmpty {
        let windows = MemoryWindows.needed(
            cards: cards.map { ($0.functions.flatMap { pci.regions(of: $0.address) }, false) },
            machine: request.machine, memoryBytes: request.memoryBytes)
        let bits =
            request.accelerator == .tcg
            ? emulatedAddressBits : tree.text("/proc/cpuinfo").flatMap(physicalAddressBits(cpuinfo:))
        warnings += windows.warnings(physicalBits: bits, firmware: request.firmware)
        fit.windows = windows
        if let problem = await memoryLockProblem(memoryBytes: request.memoryBytes, tree: tree) {
            failures.append(problem)
        }
    }
    let numa = attempt {
        try chooseNUMANode(
            request.numa, gpuNodes: cards.map(\.primary.numaNode), memoryBytes: request.memoryBytes, tree: tree)
    }
    fit.numa = numa?.binding
    warnings += numa?.warnings ?? []
    if let hugepages = request.hugepages {
        fit.hugepageBytes = attempt {
            try chooseHugepages(
                hugepages, memoryBytes: request.memoryBytes, node: fit.numa?.node, mayBeHeld: request.mayRun,
                tree: tree)
        }
    }
    guard failures.isEmpty else { throw Failures(failures) }
    return (fit, warnings)
}

extension MachineSpecification {
    /// Takes over what was found. The GPUs are replaced where the fit has some: a simulated one stays.
    public mutating func apply(_ fit: MachineFit) {
        if !fit.gpus.isEmpty { gpus = fit.gpus }
        windows = fit.windows
        hugepageBytes = fit.hugepageBytes
        numa = fit.numa
    }
}
