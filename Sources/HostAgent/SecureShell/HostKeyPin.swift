import FoundationEssentials

/// A server's public key, as it was seen at first contact. Two connections with equal pins reached the same machine.
public struct HostKeyPin: Sendable, Codable, Equatable {
    /// The key's algorithm: "ssh-ed25519", "ecdsa-sha2-nistp256".
    public var type: String
    /// The public key in SSH's wire format, base64 with padding, as in `known_hosts` and in `ssh_host_*_key.pub`.
    public var base64: String

    /// What `ssh-keygen -l` prints: "SHA256:" and the digest in base64 without padding.
    public var fingerprint: String

    /// The types of key that this tool asks servers for, the best first.
    public static let types = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
    ]

    /// A pin from its fields.
    public init(type: String, base64: String, fingerprint: String) {
        self.type = type
        self.base64 = base64
        self.fingerprint = fingerprint
    }

    /// The key is what counts; the fingerprint is derived from it.
    public static func == (left: HostKeyPin, right: HostKeyPin) -> Bool {
        left.type == right.type && left.base64 == right.base64
    }

    /// A pin from SSH's wire format, which begins with the name of the algorithm, and from libssh2's digest of it.
    init?(blob: [UInt8], sha256: [UInt8]) {
        var reader = WireReader(blob[...])
        guard let name = reader.string() else { return nil }
        self.init(
            type: String(decoding: name, as: UTF8.self), base64: Data(blob).base64EncodedString(),
            fingerprint: "SHA256:" + Data(sha256).base64EncodedString().prefix { $0 != "=" })
    }
}

/// What a server's key must be.
public enum HostKeyPolicy: Sendable {
    /// This key and no other; another one is `ssh.host-key-changed`.
    case pinned(HostKeyPin)
    /// Whatever the server shows. The caller keeps ``SSHConnection/hostKey`` and pins it from then on.
    case acceptFirst
}
