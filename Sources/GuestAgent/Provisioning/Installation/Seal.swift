import Contract
public import Guest

/// Takes the run's own traces out of the machine before it becomes an image: the ephemeral keys, cloud-init's memory of
/// our seed, the agent's unit. What the job made stays.
public struct Seal: Sendable {
    private let guest: Guest

    /// A seal of `guest`.
    public init(_ guest: Guest) {
        self.guest = guest
    }

    /// Removes the traces and returns what was removed, a line each. Idempotent.
    ///
    /// The keys go last, when all else is on disk: a login that is refused tells the host that the machine is sealed.
    ///
    /// - Parameter generalise: Forget also what makes this machine itself, so that many can stand on its image.
    public func apply(publicKeys: [String], instanceID: String?, generalise: Bool = false) async throws -> [String] {
        var removed: [String] = []
        let bodies = Set(publicKeys.compactMap(Self.keyBody))
        try await CloudInit(guest).wait()
        // While cloud-init's own account of the instance is there: what it wrote is known by its age.
        if generalise, let instanceID, let since = Self.folder(of: instanceID).flatMap(lifetime) {
            removed += try MachineIdentity(guest.root).forgetNetworkOfCloudInit(since: since)
        }
        if let instanceID { removed += try forgetInstance(instanceID) }
        if guest.root.exists("/etc/systemd/system/multi-user.target.wants/" + AgentInstallation.unit) {
            try await AgentInstallation(guest).disable()
            removed.append("\(AgentInstallation.unit) enabled")
        }
        if generalise { removed += try await Generalisation(guest).apply() }
        guest.root.sync()
        for home in homes { removed += try removeKeys(bodies, home) }
        guest.root.sync()
        return removed
    }

    /// "ssh-ed25519 AAAA…": type and body of a public key, without options in front and the comment behind.
    static func keyBody(_ line: String) -> String? {
        let words = line.words
        guard !line.trimmed.hasPrefix("#"),
            let type = words.firstIndex(where: { $0.hasPrefix("ssh-") || $0.hasPrefix("ecdsa-") || $0.hasPrefix("sk-") }
            ),
            words.count > type + 1
        else { return nil }
        return words[type] + " " + words[type + 1]
    }

    /// Home folders, read off /etc/passwd: a static program has no other dependable source.
    private var homes: [String] {
        let homes = (guest.root.textIfReadable("/etc/passwd") ?? "").lines.compactMap { line -> String? in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            return fields.count >= 6 && fields[5].hasPrefix("/") && fields[5] != "/" ? String(fields[5]) : nil
        }
        return Set(homes + ["/root"]).sorted()
    }

    private func removeKeys(_ bodies: Set<String>, _ home: String) throws -> [String] {
        var removed: [String] = []
        for name in ["authorized_keys", "authorized_keys2"] {
            let file = "\(home)/.ssh/\(name)"
            guard let text = guest.root.textIfReadable(file) else { continue }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
            let kept = lines.filter { line in Self.keyBody(line).map { !bodies.contains($0) } ?? true }
            guard kept.count < lines.count else { continue }
            removed.append("\(lines.count - kept.count) keys of \(file)")
            if kept.allSatisfy({ $0.trimmed.isEmpty }) {
                try guest.root.remove(file)
            } else {
                try guest.root.write(kept.joined(separator: "\n"), to: file)
            }
        }
        return removed
    }

    /// What cloud-init keeps of the instance that our seed made of this machine. Without it the next seed is a new
    /// instance, as on the untouched image.
    private func forgetInstance(_ id: String) throws -> [String] {
        guard let folder = Self.folder(of: id) else { return [] }
        let cloud = Self.cloud
        var removed: [String] = []
        let since = beginning(of: folder)
        let current = guest.root.linkTarget("\(cloud)/instance")?.split(separator: "/").last.map { String($0) }
        if guest.root.isDirectory(folder) {
            try guest.root.removeTree(folder)
            removed.append(folder)
        }
        guard current == id else { return removed }
        try guest.root.remove("\(cloud)/instance")
        removed.append("\(cloud)/instance")
        let others = guest.root.list("\(cloud)/instances").map { "\(cloud)/instances/\($0)" }
            .filter { guest.root.isDirectory($0) }
        if let newest = others.max(by: {
            (guest.root.modificationTime($0) ?? 0) < (guest.root.modificationTime($1) ?? 0)
        }) {
            try guest.root.link("\(cloud)/instance", to: newest)
        }
        for name in [
            "instance-id", "previous-instance-id", "previous-datasource", "previous-hostname", "set-hostname",
            "result.json", "status.json",
        ]
        where guest.root.exists("\(cloud)/data/\(name)") {
            try guest.root.remove("\(cloud)/data/\(name)")
            removed.append("\(cloud)/data/\(name)")
        }
        // The image may have had one before us.
        let sudoers = "/etc/sudoers.d/90-cloud-init-users"
        if let since, let changed = guest.root.modificationTime(sudoers), changed >= since {
            try guest.root.remove(sudoers)
            removed.append(sudoers)
        }
        return removed
    }

    private static let cloud = "/var/lib/cloud"

    private static func folder(of id: String) -> String? {
        !id.isEmpty && !id.contains("/") && id != "." && id != ".." ? "\(cloud)/instances/\(id)" : nil
    }

    /// ``beginning(of:)``; nil where cloud-init has not made that instance.
    private func lifetime(of folder: String) -> Int64? {
        guest.root.isDirectory(folder) ? beginning(of: folder) : nil
    }

    /// Since when cloud-init has worked for our seed: this boot, or an earlier one of the same run, in which it made the
    /// instance's folder.
    private func beginning(of folder: String) -> Int64? {
        let boot = (guest.root.textIfReadable("/proc/stat") ?? "").lines.first { $0.hasPrefix("btime ") }?
            .words.last.flatMap { Int64($0) }
        let marks = guest.root.list("\(folder)/sem").compactMap {
            guest.root.modificationTime("\(folder)/sem/\($0)")
        }
        return (marks + (boot.map { [$0] } ?? [])).min()
    }
}
