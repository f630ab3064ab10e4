/// A compute capability and the CUDA versions whose compiler knows it.
private struct CapabilitySpan {
    var capability: ToolVersion
    var since: ToolVersion
    /// The last `major.minor`; nil where it is still known.
    var until: ToolVersion?

    init(_ capability: StaticString, since: StaticString, until: StaticString? = nil) {
        self.capability = ToolVersion(known: capability)
        self.since = ToolVersion(known: since)
        self.until = until.map(ToolVersion.init(known:))
    }
}

/// Oldest first. Source: the release notes, and spack's cuda package.
private let spans: [CapabilitySpan] = [
    CapabilitySpan("2.0", since: "3.0", until: "8.0"),
    CapabilitySpan("2.1", since: "3.2", until: "8.0"),
    CapabilitySpan("3.0", since: "4.2", until: "10.2"),
    CapabilitySpan("3.5", since: "5.0", until: "11.8"),
    CapabilitySpan("3.7", since: "6.5", until: "11.8"),
    CapabilitySpan("5.0", since: "6.0", until: "12.9"),
    CapabilitySpan("5.2", since: "6.5", until: "12.9"),
    CapabilitySpan("6.0", since: "8.0", until: "12.9"),
    CapabilitySpan("6.1", since: "8.0", until: "12.9"),
    CapabilitySpan("7.0", since: "9.0", until: "12.9"),
    CapabilitySpan("7.5", since: "10.0"),
    CapabilitySpan("8.0", since: "11.0"),
    CapabilitySpan("8.6", since: "11.1"),
    CapabilitySpan("8.9", since: "11.8"),
    CapabilitySpan("9.0", since: "11.8"),  // by the release notes of 11.8; other tables say 12.0
    CapabilitySpan("10.0", since: "12.8"),
    CapabilitySpan("12.0", since: "12.8"),
]

/// A generation of GPUs and the drivers that serve it.
public struct GPUGeneration: Sendable, Equatable {
    /// NVIDIA's name of it.
    public var name: String
    /// The last branch of drivers that serves it; nil where current ones do.
    public var lastBranch: Int?
    /// Which of the two kernel modules can drive it.
    public var kernelModules: KernelModules

    /// The two flavours of the driver's kernel modules.
    public enum KernelModules: Equatable, Sendable {
        /// The proprietary ones only; the open ones need a GPU system processor, which came with Turing.
        case proprietary
        /// Either.
        case either
        /// The open ones only.
        case open
    }

    init(_ name: String, lastBranch: Int?, _ kernelModules: KernelModules) {
        self.name = name
        self.lastBranch = lastBranch
        self.kernelModules = kernelModules
    }

    /// The generations that have run CUDA, oldest first. Device ids overlap between them: which one a card is must come
    /// from its exact id.
    public static let all: [GPUGeneration] = [
        GPUGeneration("Tesla", lastBranch: 340, .proprietary),
        GPUGeneration("Fermi", lastBranch: 390, .proprietary),
        GPUGeneration("GRID K1 and K2", lastBranch: 367, .proprietary),
        GPUGeneration("Kepler", lastBranch: 470, .proprietary),
        GPUGeneration("Maxwell", lastBranch: 580, .proprietary),
        GPUGeneration("Pascal", lastBranch: 580, .proprietary),
        GPUGeneration("Volta", lastBranch: 580, .proprietary),
        GPUGeneration("Turing", lastBranch: nil, .either),
        GPUGeneration("Ampere", lastBranch: nil, .either),
        GPUGeneration("Ada Lovelace", lastBranch: nil, .either),
        GPUGeneration("Hopper", lastBranch: nil, .either),
        GPUGeneration("Blackwell", lastBranch: nil, .open),
    ]

    /// Whether `driver` still serves this generation. Whether it serves it yet is not known here.
    public func verdict(driver: ToolVersion) -> Compatibility.Verdict {
        guard let lastBranch, driver.major > lastBranch else { return .fits }
        return .incompatible("\(name) GPUs are served by drivers up to branch \(lastBranch); this is \(driver).")
    }
}

extension Compatibility {
    /// The newest compute capability that nvcc of `cuda` compiles for; nil for CUDA older than the table.
    public static func newestComputeCapability(forCUDA cuda: ToolVersion) -> ToolVersion? {
        spans.last { $0.since <= cuda }?.capability
    }

    /// The oldest compute capability that nvcc of `cuda` compiles for; nil for CUDA older than the table.
    public static func oldestComputeCapability(forCUDA cuda: ToolVersion) -> ToolVersion? {
        spans.first { $0.since <= cuda && isBefore(cuda, endOf: $0) }?.capability
    }

    /// Whether nvcc of `cuda` compiles for GPUs of a compute capability. One that is not in the table is judged by its
    /// neighbour below, with a warning.
    public static func computeCapability(_ capability: ToolVersion, cuda: ToolVersion) -> Verdict {
        guard let span = spans.last(where: { $0.capability <= capability }) else {
            return .warning("Compute capability \(capability) is older than the table of known ones.")
        }
        if cuda < span.since {
            return .incompatible("Compute capability \(capability) needs CUDA \(span.since) or later; this is \(cuda).")
        }
        if let until = span.until, !isBefore(cuda, endOf: span) {
            return .incompatible("Compute capability \(capability) was dropped after CUDA \(until); this is \(cuda).")
        }
        return span.capability == capability
            ? .fits : .warning("Compute capability \(capability) is not in the table; \(span.capability) fits.")
    }

    /// Updates of the last release (11.8.2) still belong to it.
    private static func isBefore(_ cuda: ToolVersion, endOf span: CapabilitySpan) -> Bool {
        guard let until = span.until else { return true }
        return (cuda.major, cuda.minor) <= (until.major, until.minor)
    }
}
