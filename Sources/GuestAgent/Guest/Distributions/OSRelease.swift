/// /etc/os-release, read as the shell would: `KEY=value`, value possibly quoted.
public struct OSRelease: Equatable, Sendable {
    /// `ID`: "debian".
    public var id: String
    /// `ID_LIKE`: ["rhel", "fedora"].
    public var idLike: [String]
    /// `VERSION_ID`, empty for rolling releases.
    public var versionID: String
    /// `NAME`: "CentOS Stream".
    public var name: String
    /// `PRETTY_NAME`.
    public var prettyName: String
    /// `VERSION_CODENAME`, `UBUNTU_CODENAME` and `DEBIAN_CODENAME`, as far as they are there: a derivative names its parent's
    /// release with the latter two.
    public var codenames: [String]
    /// `PLATFORM_ID` without "platform:": "el9", "f42". Derivatives keep their parent's.
    public var platform: String

    /// Reads the file's text.
    public init(parsing text: String) {
        var values: [String: String] = [:]
        for line in text.lines {
            let line = line.trimmed
            guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
            var value = line[line.index(after: equals)...]
            if let quote = value.first, quote == "\"" || quote == "'", value.count >= 2, value.last == quote {
                value = value.dropFirst().dropLast()
            }
            values[String(line[..<equals])] = String(value)
        }
        id = values["ID"] ?? "linux"
        idLike = (values["ID_LIKE"] ?? "").words
        versionID = values["VERSION_ID"] ?? ""
        name = values["NAME"] ?? "Linux"
        prettyName = values["PRETTY_NAME"] ?? values["NAME"] ?? "Linux"
        codenames = ["UBUNTU_CODENAME", "DEBIAN_CODENAME", "VERSION_CODENAME"].compactMap { values[$0] }
        let platform = values["PLATFORM_ID"] ?? ""
        self.platform = platform.hasPrefix("platform:") ? String(platform.dropFirst(9)) : platform
    }

    /// The guest's own; systemd's fallback place where /etc has none.
    public init(of root: SystemRoot) {
        self.init(
            parsing: root.textIfReadable("/etc/os-release") ?? root.textIfReadable("/usr/lib/os-release") ?? "")
    }
}
