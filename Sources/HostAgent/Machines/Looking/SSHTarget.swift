/// How the user's own ssh reaches a guest.
public struct SSHTarget: Equatable, Sendable {
    /// The VM's name, under which its key stands in ``knownHosts``.
    public var alias: String
    public var user: String
    /// On 127.0.0.1.
    public var port: UInt16
    /// A private key; nil leaves the choice to ssh: an agent's keys, the user's own, a password that it asks for.
    public var identity: String?
    /// A file with the guest's pinned key.
    public var knownHosts: String

    /// A target.
    public init(alias: String, user: String, port: UInt16, identity: String?, knownHosts: String) {
        self.alias = alias
        self.user = user
        self.port = port
        self.identity = identity
        self.knownHosts = knownHosts
    }

    /// ssh's arguments, without the program's name: what is said here wins over ~/.ssh/config. Pure.
    ///
    /// - Parameter command: Words for the guest's shell, which ssh joins with blanks; none for a login shell.
    public func arguments(command: [String] = []) -> [String] {
        var arguments = ["-p", String(port), "-l", user]
        if let identity { arguments += ["-i", identity, "-o", "IdentitiesOnly=yes"] }
        for option in [
            // The port may be another VM's tomorrow: the key is known by the VM's name.
            "HostKeyAlias=\(alias)", "UserKnownHostsFile=\(Self.quoted(knownHosts))", "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes", "CheckHostIP=no", "UpdateHostKeys=no",
        ] { arguments += ["-o", option] }
        return arguments + ["--", "127.0.0.1"] + command
    }

    /// A file name in ssh's configuration: a list of names is split at blanks, and % begins a token (ssh_config(5)).
    private static func quoted(_ path: String) -> String {
        let text = path.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
        return text.contains(" ") ? "\"\(text)\"" : text
    }
}
