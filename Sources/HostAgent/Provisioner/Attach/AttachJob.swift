import SecureShell

/// What the user asked for, of a machine that runs already: the command line as values.
public struct AttachJob: Codable, Equatable, Sendable {
    /// How the machine's host key becomes a trusted one.
    public enum HostKeyRequest: Codable, Equatable, Sendable {
        /// By ~/.ssh/known_hosts, else by a person's word.
        case ask
        /// By ~/.ssh/known_hosts alone.
        case knownHosts
        /// It must have this fingerprint: "SHA256:" and 43 characters.
        case fingerprint(String)
    }

    /// What to log in with. Nothing of it: ssh-agent, then the keys that ssh itself would try.
    public struct Access: Codable, Equatable, Sendable {
        public var identity: String?
        /// The password itself is kept out of every record.
        public var usesPassword: Bool
        public var usesAgent: Bool

        /// Ways to log in.
        public init(identity: String? = nil, usesPassword: Bool = false, usesAgent: Bool = false) {
            self.identity = identity
            self.usesPassword = usesPassword
            self.usesAgent = usesAgent
        }

        var isDefault: Bool { identity == nil && !usesPassword && !usesAgent }
    }

    public var target: AttachTarget
    /// What goes into the machine.
    public var contents: JobContents
    /// QEMU's `edu` device stands in for a GPU.
    public var simulatedGPU = false
    public var hostKey = HostKeyRequest.ask
    public var access = Access()
    /// The guest agent's binary; nil: the one beside this tool.
    public var agent: String?
    /// Leave the uploaded files in the machine.
    public var keepPayloads = false
    /// Reboot once at the end and prove the machine again.
    public var proofReboot = false

    /// A job with the usual values for whatever is not named.
    public init(target: AttachTarget, contents: JobContents) {
        self.target = target
        self.contents = contents
    }
}

/// Who can be asked before a machine is trusted and changed.
public struct AttachPrompts: Sendable {
    /// The person has agreed beforehand that the machine is changed and may reboot.
    public var agreed: Bool
    /// Asks a question for yes or no; nil where nobody is there.
    public var ask: (@Sendable (String) -> Bool)?

    /// Prompts.
    public init(agreed: Bool, ask: (@Sendable (String) -> Bool)?) {
        self.agreed = agreed
        self.ask = ask
    }
}

extension AttachJob.HostKeyRequest {
    /// "known_hosts", or a fingerprint as `ssh-keygen -l` prints it, with or without "SHA256:".
    public init?(option text: String) {
        if text == "known_hosts" {
            self = .knownHosts
            return
        }
        let digest = text.hasPrefix("SHA256:") ? text.dropFirst(7) : text[...]
        // 32 bytes in base64 without padding.
        guard digest.count == 43,
            digest.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "+" || $0 == "/" })
        else { return nil }
        self = .fingerprint("SHA256:\(digest)")
    }
}
