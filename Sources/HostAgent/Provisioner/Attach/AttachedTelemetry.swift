import Contract
import SecureShell

/// What the sampler of a machine that runs already says, over SSH. The machine is not changed, and nobody is asked: its host
/// key is the one that was named, the one of `attach`, or one of known_hosts.
public struct AttachedTelemetry: Sendable {
    /// How to get in: what `attach` takes too.
    public struct Login: Sendable {
        /// How its host key is trusted; ``AttachJob/HostKeyRequest/ask`` asks nobody here.
        public var hostKey: AttachJob.HostKeyRequest
        /// What to log in with. Nothing of it: ssh-agent, then the keys that ssh itself would try.
        public var access: AttachJob.Access
        /// Of the user, where `access` has one.
        public var password: String?
        /// Of the identity's file, where it needs one.
        public var passphrase: String?

        public init(
            hostKey: AttachJob.HostKeyRequest = .ask, access: AttachJob.Access = AttachJob.Access(),
            password: String? = nil, passphrase: String? = nil
        ) {
            self.hostKey = hostKey
            self.access = access
            self.password = password
            self.passphrase = passphrase
        }
    }

    let target: AttachTarget
    let state: String
    let login: Login
    /// What runs there.
    var command = "\(AgentInstallation.path) sample --follow"
    /// A sampler sends a heartbeat every few seconds; a connection that is silent for longer is no more.
    var idleLimit = Duration.seconds(30)

    /// A machine, whose host key may be known below `state`.
    public init(target: AttachTarget, state: String, login: Login = Login()) {
        self.target = target
        self.state = state
        self.login = login
    }

    /// Hands over the sampler's lines as they come, until the connection ends or the task is cancelled. Throws a
    /// ``Contract/Failure``.
    public func follow(_ take: @Sendable ([UInt8]) async throws -> Void) async throws {
        let address = try await AttachAddress.resolve(target)
        let folder = RunFolder(state: state, machine: "\(address.user)@\(address.endpoint)")
        var job = AttachJob(target: target, contents: JobContents())
        (job.hostKey, job.access) = (login.hostKey, login.access)
        let contact = AttachContact(
            address: address, job: job,
            context: JobContext(
                password: login.password, passphrase: login.passphrase, licencesAccepted: false, progress: { _ in }),
            prompts: AttachPrompts(agreed: false, ask: nil), remembered: try folder.loadAttachment()?.hostKey,
            continuing: false)
        let shell = try await contact.enter().shell
        defer { Task { await shell.connection.close() } }
        for try await line in shell.lines(of: command, idleLimit: idleLimit) {
            try await take(Array(line.utf8) + [UInt8(ascii: "\n")])
        }
    }
}
