import Contract
import FoundationEssentials
import Host
import SecureShell
public import VirtualMachines

/// The two keys of a VM whose user gave no login: one for root, handed in as a systemd credential by SMBIOS, another for the
/// image's default user, handed in by a NoCloud seed. They stay with the VM, in its folder.
public struct GuestKeys: Equatable, Sendable {
    /// The VM's own folder, absolute, 0700.
    let folder: String

    /// The keys in `folder`, made or not.
    public init(folder: String) {
        self.folder = folder
    }

    /// root's private key.
    public var rootKey: String { "\(folder)/keys/root" }
    /// The default user's private key.
    public var userKey: String { "\(folder)/keys/user" }
    /// The NoCloud seed that carries the latter.
    public var seedFolder: String { "\(folder)/seed" }

    /// Makes them where they are not there. Throws ``FailureCode/identityUnusable``, ``FailureCode/hostSpace``.
    public func make() async throws {
        do {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/keys", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure(
                .hostSpace, operation: "make SSH keys", message: "\(folder)/keys cannot be made: \(error)",
                remedy: "Look at the folder's owner and at the free space.", side: .host)
        }
        for key in [rootKey, userKey] {
            let pair = try await KeyPair.generate(at: key, comment: "provision-gpu-vm")
            // ssh-keygen writes the private key first: killed in between, it left no public one.
            if !FileManager.default.fileExists(atPath: "\(key).pub") {
                try replaceFile("\(key).pub", with: "\(pair.publicKey)\n".utf8)
            }
        }
    }

    /// The public keys, root's first, each a line of authorized_keys. Throws ``FailureCode/identityUnusable``.
    func publicKeys() throws -> [String] {
        try [rootKey, userKey].map { key in
            guard let data = FileManager.default.contents(atPath: "\(key).pub") else {
                throw Failure(
                    .identityUnusable, operation: "read the VM's keys", message: "\(key).pub is gone.",
                    remedy: "Begin anew: --start-over of a run, or another --name.", side: .host)
            }
            return String(decoding: data, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
        }
    }

    /// Writes the seed and answers what the VM is to be started with.
    ///
    /// - Parameters:
    ///   - own: Whether these keys are among it.
    ///   - identity: What makes the guest this one.
    public func handIn(
        instanceID: String, own: Bool = true, identity: GuestIdentity = GuestIdentity()
    ) throws -> GuestCredentials {
        let keys = try own ? publicKeys() : []
        let credentials = GuestCredentials(
            keys: own ? GuestCredentials.Keys(root: keys[0], user: keys[1]) : nil, instanceID: instanceID,
            identity: identity)
        try credentials.write(to: seedFolder)
        return credentials
    }

    /// The private key that lets `user` in.
    public func identity(of user: String) -> String { user == "root" ? rootKey : userKey }
}
