import Contract
import FoundationEssentials
import Glibc

/// What a guest that nobody prepared is handed at its boot, by two ways: SMBIOS strings, of which systemd (≥ 252) reads
/// credentials and our agent the host name, and a NoCloud seed that cloud-init reads. Builders of contents are pure.
public struct GuestCredentials: Sendable, Equatable {
    /// The keys of a VM whose user gave no login: OpenSSH public keys, one line each.
    public struct Keys: Sendable, Equatable {
        /// For root.
        public var root: String
        /// For the image's default user. It must differ from root's: cloud-init's disable_root puts a command ("Please login
        /// as the user …") in front of an equal key in root's authorized_keys.
        public var user: String

        /// A pair of different keys.
        public init(root: String, user: String) {
            self.root = Self.firstLine(root)
            self.user = Self.firstLine(user)
        }

        private static func firstLine(_ text: String) -> String {
            text.split(separator: "\n").first.map(String.init) ?? ""
        }
    }

    /// SMBIOS type 11 values for ``MachineSpecification/smbiosStrings``.
    public var smbiosStrings: [String]
    /// File name → content of the NoCloud seed.
    public var seed: [String: String]

    /// - Parameters:
    ///   - keys: Nil where the user logs in by means of his own.
    ///   - instanceID: cloud-init runs its per-instance work once for each of these.
    ///   - identity: What makes the guest this one.
    public init(keys: Keys?, instanceID: String, identity: GuestIdentity = GuestIdentity()) {
        let root = (keys.map { [$0.root] } ?? []) + identity.authorizedKeys
        smbiosStrings =
            (root.isEmpty ? [] : [Self.rootCredential(root)])
            + (identity.hostname.map { [Hostname.smbiosPrefix + $0] } ?? [])
        var metaData = "instance-id: \(Self.quoted(instanceID))\n"
        if let hostname = identity.hostname { metaData += "local-hostname: \(Self.quoted(hostname))\n" }
        seed = ["meta-data": metaData, "user-data": Self.userData(keys, identity)]
    }

    /// A systemd credential that becomes root's authorized_keys (systemd.system-credentials(7): ssh.authorized_keys.root).
    static func rootCredential(_ keys: [String]) -> String {
        "io.systemd.credential.binary:ssh.authorized_keys.root="
            + Data(keys.map { $0 + "\n" }.joined().utf8).base64EncodedString()
    }

    /// There is no network-config: cloud-init's own fallback, DHCP on the first NIC, is what QEMU's user network wants.
    private static func userData(_ keys: Keys?, _ identity: GuestIdentity) -> String {
        let ours = cloudConfig(keys, identity)
        guard let theirs = identity.userData else { return ours }
        // Theirs is merged into ours (cloud-init, "Merging user-data sections"): lists one after the other; where both say
        // something else, ours, on which it depends that anybody gets in.
        return """
            #cloud-config-archive
            # Written by provision-gpu-vm: its own part, then the user's.
            - type: text/cloud-config
              content: \(quoted(ours))
            - type: text/cloud-config
              Merge-Type: "list(append)+dict(no_replace,recurse_list)+str()"
              content: \(quoted(theirs))

            """
    }

    /// The default user gets keys, and with ours sudo without a password; host keys stay.
    private static func cloudConfig(_ keys: Keys?, _ identity: GuestIdentity) -> String {
        var text = "#cloud-config\n# Written by provision-gpu-vm; taken out of the result again.\n"
        let authorized = (keys.map { [$0.user] } ?? []) + identity.authorizedKeys
        if !authorized.isEmpty {
            text += "ssh_authorized_keys:\n" + authorized.map { "  - \(quoted($0))\n" }.joined()
        }
        // A `user` without a name is merged into the image's default user (cloud-init, normalize_users_groups).
        if keys != nil { text += "user:\n  sudo: \"ALL=(ALL) NOPASSWD:ALL\"\n" }
        text += "ssh_deletekeys: false\n"
        if identity.hostname == nil, !setsHostname(identity.userData) { text += "preserve_hostname: true\n" }
        return text
    }

    /// Whether a #cloud-config text says something of the host name itself.
    private static func setsHostname(_ userData: String?) -> Bool {
        (userData ?? "").split(whereSeparator: \.isNewline).contains { line in
            ["hostname:", "fqdn:", "preserve_hostname:"].contains { line.hasPrefix($0) }
        }
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
