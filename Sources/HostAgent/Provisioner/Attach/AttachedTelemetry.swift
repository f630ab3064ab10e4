import Contract
import SecureShell

/// What the sampler of a machine that runs already says, over SSH. The machine is not changed, and nobody is asked: its host
/// key is the one of `attach`, or one of known_hosts.
public struct AttachedTelemetry: Sendable {
    let target: AttachTarget
    let state: String

    /// A sampler sends a heartbeat every few seconds; a connection that is silent for longer is no more.
    private static let idleLimit = Duration.seconds(30)

    public init(target: AttachTarget, state: String) {
        self.target = target
        self.state = state
    }

    /// Hands over the sampler's lines as they come, until the connection ends. Throws a ``Contract/Failure``.
    public func follow(_ take: @Sendable ([UInt8]) throws -> Void) async throws {
        let address = try await AttachAddress.resolve(target)
        let folder = RunFolder(state: state, machine: "\(address.user)@\(address.endpoint)")
        let contact = AttachContact(
            address: address, job: AttachJob(target: target, contents: JobContents()),
            context: JobContext(licencesAccepted: false, progress: { _ in }),
            prompts: AttachPrompts(agreed: false, ask: nil), remembered: try folder.loadAttachment()?.hostKey,
            continuing: false)
        let shell = try await contact.make().shell
        defer { Task { await shell.connection.close() } }
        let lines = shell.lines(of: "\(AgentInstallation.path) sample --follow", idleLimit: Self.idleLimit)
        for try await line in lines { try take(Array(line.utf8) + [UInt8(ascii: "\n")]) }
    }
}
