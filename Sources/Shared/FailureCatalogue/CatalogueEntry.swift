public import Contract

/// One known text of a log: where it is seen, what it means, what to do about it.
public struct CatalogueEntry: Sendable {
    /// What a known text is.
    public enum Kind: String, Codable, Sendable, Comparable {
        /// Something did not work.
        case failure
        /// Work went on; the text explains what may be missing.
        case warning
        /// Looks like a failure and is none.
        case notAnError

        private var order: Int {
            switch self {
            case .failure: 0
            case .warning: 1
            case .notAnError: 2
            }
        }

        public static func < (left: Kind, right: Kind) -> Bool { left.order < right.order }
    }

    /// How much a text explains. Of several in one log the highest is told first: a cause outranks what follows from it.
    public enum Rank: Int, Comparable, Sendable {
        /// What is left when all has failed: it says where, not why.
        case symptom
        /// Follows from something that the log often tells elsewhere.
        case consequence
        /// A cause that often has others beside it.
        case general
        /// A cause.
        case cause
        /// Names the one thing that is wrong; whatever else stands in the log follows from it.
        case root

        public static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }
    }

    /// Where a text is seen.
    public enum Source: String, Codable, Sendable, CaseIterable {
        case qemu = "QEMU"
        case hostKernel = "host kernel"
        case driverLog = "nvidia-installer.log"
        case cudaLog = "CUDA installer"
        case guestKernel = "guest kernel"
        case console
        case tool = "tool output"
        case ssh = "SSH"
        case packages = "package manager"
    }

    /// Stable: scripts, fixtures and steps refer to it. "nouveau.in-use".
    public var name: String
    public var code: FailureCode
    public var kind: Kind
    /// The machine on which the remedy is to be applied.
    public var side: Failure.Side
    public var sources: [Source]
    /// Wordings of several versions; one is enough.
    public var patterns: [LogPattern]
    /// What happened, one sentence.
    public var message: String
    /// What to do about it.
    public var remedy: String
    /// Whether the same may succeed when tried again with nothing changed.
    public var retryable: Bool
    public var rank: Rank
    /// Entries that say more than this one, which is left out beside them: by name; or by the beginning of names, with its
    /// dot, and then only where they stand in the same line.
    public var yieldsTo: [String]
    /// The table it stands in; set by the catalogue.
    public internal(set) var area: FailureArea = .runTime

    init(
        _ name: String, _ code: FailureCode, _ side: Failure.Side, _ sources: [Source], _ rank: Rank,
        kind: Kind = .failure, says patterns: [LogPattern], message: String, remedy: String, retryable: Bool = false,
        yieldsTo: [String] = []
    ) {
        self.name = name
        self.code = code
        self.kind = kind
        self.side = side
        self.sources = sources
        self.rank = rank
        self.patterns = patterns
        self.message = message
        self.remedy = remedy
        self.retryable = retryable
        self.yieldsTo = yieldsTo
    }
}

/// A table of the catalogue: one file of entries, one chapter of Documentation/Troubleshooting.md.
public enum FailureArea: String, Codable, Sendable, CaseIterable {
    case hostVFIO, firmware, boot, driverInstall, cudaInstall, runTime, packages, ssh

    /// The chapter's heading.
    public var title: String {
        switch self {
        case .hostVFIO: "Host: IOMMU, VFIO and QEMU"
        case .firmware: "Firmware and guest PCI"
        case .boot: "Boot of the guest"
        case .driverInstall: "Guest: driver install"
        case .cudaInstall: "Guest: CUDA install"
        case .runTime: "Guest: run time"
        case .packages: "Guest: package managers"
        case .ssh: "SSH"
        }
    }

    /// A text by which a log says, further down, that all went well in the end: what stood above it was no failure.
    var success: [LogPattern] {
        switch self {
        case .driverInstall: ["Installation of the … is now complete"]
        case .cudaInstall: ["Toolkit: Installed in"]
        case .boot: ["Reached target Multi-User System", "Reached target multi-user.target", "… login:"]
        case .packages: ["Complete!", "Processing triggers for", LogPattern("Setting up …) ...", reach: 80)]
        case .hostVFIO, .firmware, .runTime, .ssh: []
        }
    }

    var entries: [CatalogueEntry] {
        switch self {
        case .hostVFIO: CatalogueEntry.hostVFIO
        case .firmware: CatalogueEntry.firmware
        case .boot: CatalogueEntry.boot
        case .driverInstall: CatalogueEntry.driverInstall
        case .cudaInstall: CatalogueEntry.cudaInstall
        case .runTime: CatalogueEntry.runTime
        case .packages: CatalogueEntry.packages
        case .ssh: CatalogueEntry.ssh
        }
    }
}
