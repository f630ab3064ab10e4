public import Contract

/// What `attach` would do to a machine.
public struct AttachDryRunReport: Codable, Equatable, Sendable {
    /// A file that would be copied.
    public struct File: Codable, Equatable, Sendable {
        public var role: Payload.Role
        /// On this host.
        public var path: String
        /// Bytes.
        public var size: Int64
        /// Where it would lie in the machine, for as long as the run lasts.
        public var target: String
        /// Bytes of it that are there.
        public var bytesPresent: Int64
    }

    /// ``ContractVersion/tool`` of the writer.
    public var tool = ContractVersion.tool
    /// True where a stand-in took the GPU's place.
    public var simulated: Bool
    /// USER@HOST:PORT.
    public var machine: String
    /// What it calls itself, and what it is.
    public var name: String
    public var words: String
    /// Fingerprint of its host key.
    public var hostKey: String
    public var files: [File]
    public var warnings: [String]
    /// What the agent would do there, in order.
    public var steps: [DryRun.Step]

    /// Why it would fail, as far as can be seen; nil where nothing is in the way.
    public var firstFailure: Failure? { steps.lazy.compactMap(\.failure).first }
}
