public import Contract

/// What a command would do: on this host, then in the guest.
public struct DryRunReport: Codable, Equatable, Sendable {
    /// A file that the guest would get as a drive.
    public struct Drive: Codable, Equatable, Sendable {
        public var role: Payload.Role
        /// On this host.
        public var path: String
        /// Bytes.
        public var size: Int64
        /// How the guest tells it from others.
        public var serial: String
    }

    /// ``ContractVersion/tool`` of the writer.
    public var tool = ContractVersion.tool
    /// True for an undo.
    public var undo: Bool
    /// True where a stand-in took the GPU's place.
    public var simulated: Bool
    /// IMAGE, absolute.
    public var image: String
    /// Where the result would be.
    public var result: String
    /// What the result needs to stay where it is; nil for one that stands by itself.
    public var backing: String?
    /// QEMU's command line, as it would be.
    public var command: [String]
    /// The files that the guest would get.
    public var drives: [Drive]
    /// "kvm" or "tcg", and why.
    public var accelerator: String
    public var acceleratorReason: String
    public var warnings: [String]
    /// What the guest's agent would do, in order.
    public var steps: [DryRun.Step]

    /// Why it would fail, as far as can be seen; nil where nothing is in the way.
    public var firstFailure: Failure? { steps.lazy.compactMap(\.failure).first }
}
