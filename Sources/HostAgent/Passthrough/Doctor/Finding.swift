/// One thing that was looked at on the host, and what it means for handing a GPU to a VM.
public struct Finding: Codable, Equatable, Sendable {
    /// What a finding means.
    public enum Verdict: String, Codable, CaseIterable, Sendable {
        /// A VM with the GPU will not start, or not run, until this is changed.
        case blocks
        /// It may go wrong, or go slower than it could.
        case warning
        /// What was looked at does not tell: a copied folder has no processes and no limits, a file needs root.
        case unknown
        /// As it should be.
        case ok
    }

    /// What it is about.
    public enum Subject: String, Codable, CaseIterable, Sendable {
        case iommu, kernel, vfio, modules, kvm, memory, qemu, rights, gpu, users
    }

    /// Stable and dotted: "iommu.active". A finding about one device carries its address in ``device`` instead.
    public var id: String
    /// What it is about.
    public var subject: Subject
    /// The device that it is about; nil for one about the host.
    public var device: PCIAddress?
    /// Paths, and programs that were asked.
    public var lookedAt: [String]
    /// What is so, in one sentence.
    public var message: String
    /// What was seen, line by line.
    public var seen: [String]
    /// What it means.
    public var verdict: Verdict
    /// What to do; on ``Verdict/ok`` what could be done besides. Nil where there is nothing to do.
    public var remedy: String?

    /// A finding.
    public init(
        _ id: String, _ subject: Subject, _ verdict: Verdict, _ message: String, device: PCIAddress? = nil,
        lookedAt: [String], seen: [String] = [], remedy: String? = nil
    ) {
        self.id = id
        self.subject = subject
        self.verdict = verdict
        self.message = message
        self.device = device
        self.lookedAt = lookedAt
        self.seen = seen
        self.remedy = remedy
    }
}
