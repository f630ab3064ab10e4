/// A server's public key, as it was seen at first contact. Two connections with equal pins reached the same machine.
public struct HostKeyPin: Sendable, Codable, Equatable {
    /// The key's algorithm: "ssh-ed25519", "ecdsa-sha2-nistp256".
    public var type: String
    /// The public key in SSH's wire format, base64 with padding, as in `known_hosts` and in `ssh_host_*_key.pub`.
    public var base64: String

    /// A pin from its two fields in a `.pub` or `known_hosts` line.
    public init(type: String, base64: String) {
        self.type = type
        self.base64 = base64
    }

    /// A pin from SSH's wire format, which begins with the name of the algorithm.
    init?(blob: [UInt8]) {
        var reader = WireReader(blob[...])
        guard let name = reader.string() else { return nil }
        self.init(type: String(decoding: name, as: UTF8.self), base64: Base64.encode(blob))
    }

    /// What `ssh-keygen -l` prints: "SHA256:" and the digest in base64 without padding.
    public var fingerprint: String {
        guard let blob = Base64.decode(base64) else { return "SHA256:(not base64)" }
        let digest = Base64.encode(SHA256.digest(of: blob))
        return "SHA256:" + String(digest.prefix { $0 != "=" })
    }
}

/// What a server's key must be.
public enum HostKeyPolicy: Sendable {
    /// This key and no other; another one is `ssh.host-key-changed`.
    case pinned(HostKeyPin)
    /// Whatever the server shows. The caller keeps ``SSHConnection/hostKey`` and pins it from then on.
    case acceptFirst
}
