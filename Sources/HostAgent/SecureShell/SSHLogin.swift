/// One way to prove who we are.
public enum SSHCredential: Sendable {
    /// A private key in OpenSSH or PEM format: ed25519 or ECDSA.
    ///
    /// RSA keys are tried, but libssh2 before 1.11 signs with SHA-1, which OpenSSH 8.8 and later refuse; the failure
    /// says so.
    case privateKeyFile(path: String, passphrase: String? = nil)
    /// A password, also given to servers that ask for it by keyboard-interactive.
    case password(String)
    /// Every key of an ssh-agent, in its order. Nil is the agent that SSH_AUTH_SOCK names.
    case agent(socketPath: String? = nil)
}

/// A user name and what to try for it, in order.
public struct SSHLogin: Sendable {
    /// The user on the server.
    public var user: String
    /// Tried in this order until one is accepted.
    public var credentials: [SSHCredential]

    /// A login.
    public init(user: String, credentials: [SSHCredential]) {
        self.user = user
        self.credentials = credentials
    }
}
