import Guest

/// What makes a machine this one and no other, as files; without them each copy of its disk becomes a machine of its own.
///
/// Sources: systemd's "Building Images Safely"; virt-sysprep's operations machine-id, ssh-hostkeys, dhcp-client-state,
/// net-hwaddr, udev-persistent-net, random-seed, yum-uuid; `cloud-init clean --configs network`. What registers the machine
/// elsewhere (subscriptions, Kerberos, a domain) is its owner's and stays.
struct MachineIdentity {
    let root: SystemRoot

    init(_ root: SystemRoot) {
        self.root = root
    }

    static let machineID = "/etc/machine-id"
    static let hostKeys: FilePattern = "/etc/ssh/ssh_host_*"

    /// Leases, the ids under which they were asked for, and secrets from which such ids are computed.
    private static let leases: [FilePattern] = [
        "/var/lib/dhcp/dhclient*", "/var/lib/dhclient/*", "/var/lib/dhcpcd/*", "/var/lib/dhcpcd5/*",
        "/var/db/dhcpcd/*", "/etc/dhcpcd.duid", "/etc/dhcpcd.secret", "/var/lib/NetworkManager/*.lease",
        "/var/lib/NetworkManager/dhclient*", "/var/lib/NetworkManager/secret_key",
        "/var/lib/NetworkManager/seen-bssids", "/var/lib/NetworkManager/timestamps", "/var/lib/systemd/network/*",
        "/var/lib/wicked/*.xml",
    ]

    private static let secrets: [FilePattern] = [
        "/var/lib/systemd/credential.secret", "/var/lib/systemd/random-seed", "/var/lib/urandom/random-seed",
        "/var/lib/random-seed", "/boot/loader/random-seed", "/boot/efi/loader/random-seed",
        "/efi/loader/random-seed",
    ]

    private static let others: [FilePattern] = [
        "/etc/udev/rules.d/70-persistent-net.rules", "/var/lib/yum/uuid",
        // Without these the next seed is a new instance, as on an image that has never booted. `seed`, `scripts` and
        // `handlers` beside them are the image's.
        "/var/lib/cloud/instance", "/var/lib/cloud/instances/*", "/var/lib/cloud/data/*", "/var/lib/cloud/sem/*",
    ]

    /// What cloud-init writes of the network, with this machine's MAC address in it.
    private static let networkOfCloudInit: [FilePattern] = [
        "/etc/netplan/50-cloud-init.yaml", "/etc/network/interfaces.d/50-cloud-init*",
        "/etc/systemd/network/10-cloud-init-*.network",
        "/etc/NetworkManager/conf.d/30-cloud-init-ip6-addr-gen-mode.conf",
        "/etc/NetworkManager/conf.d/99-cloud-init.conf",
        "/etc/NetworkManager/system-connections/cloud-init-*.nmconnection",
    ]

    /// The machine's id; nil where it has none, or something else stands there.
    var id: String? {
        guard let id = root.attribute(Self.machineID), Self.isID(id) else { return nil }
        return id
    }

    /// 32 hexadecimal digits, in lower case (machine-id(5)). Also: a name that leads nowhere else.
    static func isID(_ text: String) -> Bool {
        text.utf8.count == 32
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    /// Removes all but the machine's id and the keys of its SSH server. Returns what was removed; can be done again.
    ///
    /// - Parameter earlierID: The id under which the machine kept its journal until now.
    func forget(earlierID: String?) throws -> [String] {
        var removed = try remove(Self.leases + Self.secrets + Self.others)
        let dbus = "/var/lib/dbus/machine-id"
        // As a link it leads to the one that systemd makes anew.
        if root.exists(dbus), root.linkTarget(dbus) == nil {
            try root.remove(dbus)
            removed.append(dbus)
        }
        if let earlierID, Self.isID(earlierID), earlierID != id {
            let journal = "/var/log/journal/\(earlierID)"
            if root.isDirectory(journal) {
                try root.removeTree(journal)
                removed.append(journal)
            }
        }
        return try removed + removeHardwareAddresses()
    }

    /// Removes cloud-init's network configuration where it is newer than `since`, seconds since 1970: older ones are the
    /// image's, and cloud-init would not bring them back.
    func forgetNetworkOfCloudInit(since: Int64) throws -> [String] {
        try remove(Self.networkOfCloudInit) { (root.modificationTime($0) ?? 0) >= since }
    }

    /// Empties the machine's id: systemd makes another at the next boot. "uninitialized" in it, or no file, would also apply
    /// the distribution's presets to all units (machine-id(5), "First Boot Semantics").
    func emptyID() throws -> [String] {
        guard root.size(Self.machineID) != 0 else { return [] }
        try root.write("", to: Self.machineID, mode: 0o444)
        return [Self.machineID]
    }

    /// After this no new login over SSH is possible: sshd reads its keys for each connection.
    func forgetHostKeys() throws -> [String] { try remove([Self.hostKeys]) }

    private func remove(_ patterns: [FilePattern], where condition: (String) -> Bool = { _ in true }) throws -> [String]
    {
        try patterns.flatMap { pattern in
            let paths = pattern.paths(root).filter(condition)
            for path in paths { try root.removeTree(path) }
            return paths
        }
    }

    /// Another machine has another network card; the line would keep it from the network.
    private func removeHardwareAddresses() throws -> [String] {
        let pattern: FilePattern = "/etc/sysconfig/network-scripts/ifcfg-*"
        return try pattern.paths(root).compactMap { file in
            guard let text = root.textIfReadable(file) else { return nil }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let kept = lines.filter { !$0.trimmed.hasPrefix("HWADDR=") }
            guard kept.count < lines.count else { return nil }
            try root.write(kept.joined(separator: "\n"), to: file)
            return "HWADDR of \(file)"
        }
    }
}
