public import Host

/// What a VM is to have, against which the host is looked at.
public struct DoctorRequest: Equatable, Sendable {
    /// The guest's memory in bytes. All of it is pinned.
    public var memory: Int64
    /// Functions of the cards that are to be passed through; empty for the one that `auto` takes, else all.
    public var gpus: [PCIAddress]

    /// A request.
    public init(memory: Int64, gpus: [PCIAddress] = []) {
        self.memory = memory
        self.gpus = gpus
    }
}

/// All findings about a host.
public struct DoctorReport: Codable, Equatable, Sendable {
    /// Documentation/schemas/doctor.md.
    public var schema = 1
    /// `uname -r`; nil where it is not known.
    public var kernel: String?
    /// PRETTY_NAME of its os-release.
    public var distribution: String?
    /// The guest's memory that it was looked at for, in bytes.
    public var memory: Int64
    /// The cards that it was looked at for: their GPUs.
    public var gpus: [PCIAddress]
    /// In the order of the checks.
    public var findings: [Finding]

    /// Whether something keeps a VM with the GPU from running.
    public var blocked: Bool { findings.contains { $0.verdict == .blocks } }

    /// Looks at everything. Only reads.
    public static func of(_ tree: any HostTree, _ request: DoctorRequest) async -> DoctorReport {
        let host = await Examination(tree, request)
        var findings: [Finding] = []
        for check in checks { findings += await check(host) }
        return DoctorReport(
            kernel: host.release, distribution: host.distribution, memory: request.memory,
            gpus: host.cards.map(\.primary.address), findings: findings)
    }

    /// One function for each subject, in the order in which a host is set up.
    static let checks: [@Sendable (Examination) async -> [Finding]] = [
        firmwareIOMMU, activeIOMMU, interruptRemapping, kernelParameters, kernelConfiguration, vfioModules,
        modulesLoad, moduleOptions, kvm, memory, hugepages, qemu, uefiFirmware, gpus, hostFramebuffer, gpuHealth,
        vfioRights, gpuUsers,
    ]
}
