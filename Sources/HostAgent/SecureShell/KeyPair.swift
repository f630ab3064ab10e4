import Contract
import Glibc
import Host

/// An SSH key pair in files: PATH and PATH.pub.
public struct KeyPair: Sendable {
    /// The private key's file, readable by its owner only.
    public let privateKeyPath: String
    /// The public key, as one line of `authorized_keys`: "ssh-ed25519 AAAA… comment".
    public let publicKey: String

    /// Makes an ed25519 pair at `path`, without a passphrase, or takes the one that is there. The folder must exist.
    ///
    /// - Parameters:
    ///   - path: The private key's file; the public one is beside it.
    ///   - comment: Ends the public key's line; says whose it is.
    /// - Returns: The pair, old or new.
    /// - Throws: ``Failure`` `host.tool-missing` without ssh-keygen, `identity.unusable` where it fails.
    public static func generate(at path: String, comment: String) async throws -> KeyPair {
        if access(path, F_OK) == 0 {
            // ssh-keygen and ssh refuse a private key that others may read.
            chmod(path, 0o600)
        } else {
            _ = try await keygen(["-t", "ed25519", "-N", "", "-q", "-C", comment, "-f", path], path: path)
        }
        // Derived, not read from PATH.pub, so that the two cannot disagree.
        let text = try await keygen(["-y", "-P", "", "-f", path], path: path)
        let fields = text.split(whereSeparator: \.isWhitespace).prefix(2).map(String.init)
        guard fields.count == 2 else { throw unusable(path, evidence: [text]) }
        return KeyPair(privateKeyPath: path, publicKey: (fields + [comment]).joined(separator: " "))
    }

    /// Whether the private key in `path` needs a passphrase; false where it is no private key.
    public static func isEncrypted(at path: String) -> Bool {
        (try? PrivateKeyFile(path: path))?.isEncrypted ?? false
    }

    private static func keygen(_ arguments: [String], path: String) async throws -> String {
        let result = try await runTool(
            "ssh-keygen", arguments, package: "openssh-client", operation: "make an SSH key")
        guard result.status == 0 else {
            throw unusable(path, evidence: result.complaints)
        }
        return result.output
    }

    private static func unusable(_ path: String, evidence: [String]) -> Failure {
        Failure(
            .identityUnusable, operation: "make an SSH key at \(path)", message: "ssh-keygen made no usable key.",
            evidence: evidence, remedy: "Check the folder, or remove \(path) where it is no key without a passphrase.",
            side: .host)
    }
}
