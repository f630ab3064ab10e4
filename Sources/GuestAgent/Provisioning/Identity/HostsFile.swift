import Guest

/// /etc/hosts, as far as it says the machine's own name.
enum HostsFile {
    /// The address that Debian's installer and cloud-init give to the machine's own name.
    static let address = "127.0.1.1"

    /// `text` with the machine's own line naming `name`, and its first label where it has several. Without such a line one is
    /// put behind the last of the loopback's, unless one of these has the name already. Pure.
    static func text(_ text: String, naming name: String) -> String {
        let short = name.split(separator: ".").first.map(String.init) ?? name
        let own = "\(address) " + (short == name ? name : "\(name) \(short)")
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let words = lines.map { $0.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0].words }
        let owns = words.indices.filter { words[$0].first == address }
        if let first = owns.first {
            if words[first].dropFirst().elementsEqual(own.words.dropFirst()), owns.count == 1 { return text }
            lines[first] = own
            // Other names on this address were this machine's own, too.
            for index in owns.dropFirst().reversed() { lines.remove(at: index) }
            return lines.joined(separator: "\n")
        }
        if words.contains(where: { $0.first?.hasPrefix("127.") == true && $0.contains(name) }) { return text }
        let last = words.lastIndex { $0.first?.hasPrefix("127.") == true }
        lines.insert(own, at: last.map { $0 + 1 } ?? 0)
        return lines.joined(separator: "\n")
    }
}
