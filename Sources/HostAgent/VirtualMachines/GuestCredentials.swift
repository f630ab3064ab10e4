import Contract
import FoundationEssentials
import Glibc

/// The two ways by which a key gets into a guest that nobody prepared: an SMBIOS string that systemd (≥ 252) reads as a
/// credential, and a NoCloud seed that cloud-init reads. Builders of contents are pure.
public struct GuestCredentials: Sendable, Equatable {
    /// SMBIOS type 11 values for ``MachineSpecification/smbiosStrings``.
    public var smbiosStrings: [String]
    /// File name → content of the NoCloud seed.
    public var seed: [String: String]

    /// Ephemeral credentials for a run.
    ///
    /// - Parameters:
    ///   - rootKey: OpenSSH public key, one line, for root.
    ///   - userKey: Another key, for the image's default user. It must differ from `rootKey`: cloud-init's disable_root puts
    ///     a command ("Please login as the user …") in front of an equal key in root's authorized_keys.
    ///   - instanceID: cloud-init runs its per-instance work once for each of these.
    ///   - hostname: A new host name; nil leaves the image's own.
    public init(rootKey: String, userKey: String, instanceID: String, hostname: String? = nil) {
        smbiosStrings = [Self.smbiosRootKey(publicKey: rootKey)]
        seed = Self.noCloudSeed(instanceID: instanceID, hostname: hostname, userKey: userKey)
    }

    /// A systemd credential that becomes root's authorized key (systemd.system-credentials(7): ssh.authorized_keys.root).
    public static func smbiosRootKey(publicKey: String) -> String {
        let line = publicKey.split(separator: "\n").first.map { String($0) } ?? ""
        return "io.systemd.credential.binary:ssh.authorized_keys.root="
            + Data((line + "\n").utf8).base64EncodedString()
    }

    /// A NoCloud seed: the default user gets `userKey` and sudo without a password; host keys and host name stay.
    ///
    /// There is no network-config: cloud-init's own fallback, DHCP on the first NIC, is what QEMU's user network wants.
    public static func noCloudSeed(instanceID: String, hostname: String? = nil, userKey: String) -> [String: String] {
        var metaData = "instance-id: \(quoted(instanceID))\n"
        if let hostname {
            metaData += "local-hostname: \(quoted(hostname))\n"
        }
        // A `user` without a name is merged into the image's default user (cloud-init, normalize_users_groups).
        var userData = """
            #cloud-config
            # Written by provision-gpu-vm; taken out of the result again.
            ssh_authorized_keys:
              - \(quoted(userKey.split(separator: "\n").first.map { String($0) } ?? ""))
            user:
              sudo: "ALL=(ALL) NOPASSWD:ALL"
            ssh_deletekeys: false

            """
        if hostname == nil {
            userData += "preserve_hostname: true\n"
        }
        return ["meta-data": metaData, "user-data": userData]
    }

    /// Writes the seed's files into `folder`, which is made with mode 0700 where it is missing. Throws a ``Failure`` with
    /// ``FailureCode/hostSpace`` where it cannot be written.
    public func write(to folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for (name, content) in seed {
                try Data(content.utf8).write(to: URL(filePath: folder + "/" + name), options: .atomic)
            }
        } catch {
            throw Failure(
                .hostSpace, operation: "write the NoCloud seed", message: "\(folder) cannot be written: \(error)",
                remedy: "Look at the folder's owner and at the free space.", side: .host)
        }
    }

    /// A YAML double-quoted scalar; JSON's strings are a subset of it.
    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        guard let data = try? encoder.encode(text) else { return "\"\"" }
        return String(decoding: data, as: UTF8.self)
    }
}
