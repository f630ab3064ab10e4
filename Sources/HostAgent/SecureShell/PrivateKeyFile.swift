import FoundationEssentials
import Glibc
import SystemPackage

/// A private key as read from disk, with as much understanding of it as good messages need.
struct PrivateKeyFile {
    /// The file's bytes.
    var bytes: [UInt8]
    /// "ssh-ed25519", "ssh-rsa" …; nil where the format does not tell without the passphrase.
    var type: String?
    /// Whether a passphrase is needed.
    var isEncrypted: Bool

    /// Why a file is no use, in words.
    struct Unusable: Error {
        var reason: String
    }

    /// Reads and looks at the key at `path`.
    ///
    /// - Throws: ``Unusable``.
    init(path: String) throws {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            defer { try? file.close() }
            // Private keys have some hundred to some thousand bytes; what is larger is another kind of file.
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
            bytes = Array(buffer.prefix(count))
        } catch let error as Errno {
            throw Unusable(reason: "cannot be read: \(systemMessage(error.rawValue))")
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline)
        guard let first = lines.first, first.hasPrefix("-----BEGIN "), first.contains("PRIVATE KEY") else {
            let isPublic = text.hasPrefix("ssh-") || text.hasPrefix("ecdsa-")
            throw Unusable(reason: isPublic ? "is a public key; the private one is wanted" : "is no private key")
        }
        isEncrypted = first.contains("ENCRYPTED") || lines.contains { $0.contains("ENCRYPTED") }
        if first.contains("BEGIN RSA ") { type = "ssh-rsa" }
        guard first.contains("OPENSSH") else { return }
        // "openssh-key-v1\0", cipher, kdf, kdf options, number of keys, public key (PROTOCOL.key of OpenSSH).
        let magic = Array("openssh-key-v1\0".utf8)
        let base64 = lines.filter { !$0.hasPrefix("-") }.joined()
        guard let body = Data(base64Encoded: base64).map({ Array($0) }), body.starts(with: magic) else {
            throw Unusable(reason: "is damaged: its base64 does not decode")
        }
        var reader = WireReader(body.dropFirst(magic.count))
        guard let cipher = reader.string(), reader.string() != nil, reader.string() != nil, reader.uint32() != nil,
            let blob = reader.string()
        else { throw Unusable(reason: "is damaged: it ends too early") }
        isEncrypted = !cipher.elementsEqual("none".utf8)
        var key = WireReader(blob)
        type = key.string().map { String(decoding: $0, as: UTF8.self) }
    }
}
