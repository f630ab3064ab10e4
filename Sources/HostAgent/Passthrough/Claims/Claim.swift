/// A card that this tool took, as it was before: on disk before the first write to sysfs, gone after the last one back.
public struct Claim: Codable, Equatable, Sendable {
    /// What may have begun. Each stage can be entered again.
    public enum Stage: String, Codable, Sendable {
        /// Functions are on their way to vfio-pci.
        case binding
        /// All of them are there.
        case bound
        /// They are on their way back.
        case releasing
    }

    /// How long a claim lasts.
    public enum Keeper: Codable, Hashable, Sendable {
        /// Until `release`: made by `bind`.
        case user
        /// As long as the run in this folder, and its VM.
        case run(folder: String)
    }

    /// The VM that has the card.
    public struct Machine: Codable, Equatable, Sendable {
        public var process: ProcessIdentity
        /// Where its vm.json is.
        public var folder: String
    }

    /// A device node that was given to a user.
    struct Node: Codable, Equatable, Sendable {
        var path: String
        /// Its owner before.
        var owner: UInt32
        var grantedTo: UInt32
    }

    static let currentSchema = 1

    var schema = Claim.currentSchema
    /// Function by which the card was named.
    public var card: PCIAddress
    /// /proc/sys/kernel/random/boot_id: with another boot nothing of this is so any more.
    public var hostBootID: String
    public var stage: Stage
    public var keeper: Keeper
    /// The process that made it, or took it up last.
    public var claimant: ProcessIdentity
    /// Every function of the card, in order, as it was.
    public var functions: [ClaimedFunction]
    /// Whether nvidia-persistenced ran and was stopped for it.
    var stoppedPersistence = false
    var nodes: [Node] = []
    /// The QEMU that has the card, once it is known.
    public var machine: Machine?
}
