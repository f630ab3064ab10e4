import SecureShell

/// A line of a known_hosts file.
enum KnownHostsLine {
    /// `alias` is a VM's name: HostKeyAlias is looked up as it is, without the port.
    static func text(alias: String, _ key: HostKeyPin) -> String {
        "\(alias) \(key.type) \(key.base64)\n"
    }
}
