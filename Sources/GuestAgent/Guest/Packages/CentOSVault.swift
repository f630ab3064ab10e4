/// CentOS releases whose mirrors are gone: mirrorlist.centos.org and mirror.centos.org no longer resolve since 2024;
/// vault.centos.org keeps the packages.
struct CentOSVault: Equatable, Sendable {
    /// The vault's folder of the release: "7.9.2009".
    var folder: String

    /// The vault of a distribution, nil where its mirrors are alive.
    static func of(_ distribution: Distribution) -> CentOSVault? {
        guard distribution.id == "centos" else { return nil }
        return switch distribution.version?.major {
        case 7: CentOSVault(folder: "7.9.2009")
        // Stream's repositories say $stream in place of $releasever, and are told apart by that.
        case 8: CentOSVault(folder: "8.5.2111")
        default: nil
        }
    }

    private static let deadList = "mirrorlist.centos.org"
    private static let deadMirror = "mirror.centos.org"

    /// A .repo file with its dead addresses replaced; everything else stays as it is. A text without any is returned
    /// unchanged, so that doing it twice is doing it once.
    func redirecting(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        var result: [String] = []
        var section: [String] = []
        for line in lines {
            if line.trimmed.hasPrefix("[") {
                result += redirecting(section: section)
                section = []
            }
            section.append(line)
        }
        return (result + redirecting(section: section)).joined(separator: "\n")
    }

    private func redirecting(section: [String]) -> [String] {
        let listIsDead = section.contains { Self.isSetting($0, "mirrorlist", Self.deadList) }
        let addresses = section.filter { Self.isSetting(Self.uncommented($0), "baseurl", Self.deadMirror) }
        // Without an address to write there is nothing better than the dead list.
        guard !addresses.isEmpty else { return section }
        return section.map { line in
            if listIsDead && Self.isSetting(line, "mirrorlist", Self.deadList) { return "#" + line }
            let bare = Self.uncommented(line)
            guard Self.isSetting(bare, "baseurl", Self.deadMirror), listIsDead || bare == line else { return line }
            return redirecting(address: bare)
        }
    }

    /// `baseurl=http://mirror.centos.org/centos/$releasever/os/$basearch/` → `baseurl=http://vault.centos.org/7.9.2009/os/…`
    private func redirecting(address line: String) -> String {
        guard let mirror = line.firstRange(of: Self.deadMirror + "/") else { return line }
        var parts = line[mirror.upperBound...].split(separator: "/", omittingEmptySubsequences: false).map {
            String($0)
        }
        if let first = parts.first, ["centos", "$contentdir"].contains(first) { parts.removeFirst() }
        guard let release = parts.first else { return line }
        parts[0] = release.contains("stream") ? "8-stream" : folder
        return "baseurl=http://vault.centos.org/" + parts.joined(separator: "/")
    }

    private static func isSetting(_ line: String, _ key: String, _ host: String) -> Bool {
        guard let equals = line.firstIndex(of: "=") else { return false }
        return line[..<equals].trimmed == key && line[equals...].contains("//\(host)/")
    }

    private static func uncommented(_ line: String) -> String {
        String(line.trimmed.drop { $0 == "#" || $0.isWhitespace })
    }
}
