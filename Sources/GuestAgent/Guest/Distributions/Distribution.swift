/// /etc/os-release, read as the shell would: `KEY=value`, value possibly quoted.
public struct OSRelease: Equatable, Sendable {
    /// `ID`: "debian".
    public var id: String
    /// `ID_LIKE`: ["rhel", "fedora"].
    public var idLike: [String]
    /// `VERSION_ID`, empty for rolling releases.
    public var versionID: String
    /// `PRETTY_NAME`.
    public var prettyName: String

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
        prettyName = values["PRETTY_NAME"] ?? values["NAME"] ?? "Linux"
    }

    /// The guest's own; systemd's fallback place where /etc has none.
    public init(of root: SystemRoot) {
        self.init(
            parsing: root.textIfReadable("/etc/os-release") ?? root.textIfReadable("/usr/lib/os-release") ?? "")
    }
}

/// What distributions of one family have in common: the names of packages and who installs them (facts, section 6).
public struct Distribution: Equatable, Sendable {
    /// Names of the packages that a driver's installer needs. `KERNEL` stands for `uname -r`.
    public struct PackageNames: Equatable, Sendable {
        public var compiler: String
        public var make: String
        public var libcHeaders: String
        public var kernelHeaders: String
        public var libelf: String
        public var kmod: String
        public var libxml2: String
        public var perl: String
        /// A compiler of one major version, C and C++; `VERSION` stands for the number. Nil where there is none.
        public var versionedCompilers: [String]
    }

    /// "debian", for messages.
    public var family: String
    /// `ID` or `ID_LIKE` values that belong to the family.
    public var ids: [String]
    /// The package names.
    public var packages: PackageNames
    /// Whether this agent can install packages there. The others are named so that the refusal can be exact.
    public var supported: Bool

    /// Debian, Ubuntu and what is made of them.
    public static let debian = Distribution(
        family: "debian", ids: ["debian", "ubuntu"],
        packages: PackageNames(
            compiler: "gcc", make: "make", libcHeaders: "libc6-dev", kernelHeaders: "linux-headers-KERNEL",
            libelf: "libelf-dev", kmod: "kmod", libxml2: "libxml2", perl: "perl",
            versionedCompilers: ["gcc-VERSION", "g++-VERSION"]),
        supported: true)
    /// RHEL, its rebuilds and Fedora.
    public static let redHat = Distribution(
        family: "redhat", ids: ["rhel", "fedora", "centos", "rocky", "almalinux"],
        packages: PackageNames(
            compiler: "gcc", make: "make", libcHeaders: "glibc-devel", kernelHeaders: "kernel-devel-KERNEL",
            libelf: "elfutils-libelf-devel", kmod: "kmod", libxml2: "libxml2", perl: "perl", versionedCompilers: []),
        supported: false)
    /// SLES and openSUSE.
    public static let suse = Distribution(
        family: "suse", ids: ["suse", "opensuse", "sles"],
        packages: PackageNames(
            compiler: "gcc", make: "make", libcHeaders: "glibc-devel", kernelHeaders: "kernel-default-devel",
            libelf: "libelf-devel", kmod: "kmod", libxml2: "libxml2", perl: "perl",
            versionedCompilers: ["gccVERSION", "gccVERSION-c++"]),
        supported: false)
    /// Arch Linux.
    public static let arch = Distribution(
        family: "arch", ids: ["arch"],
        packages: PackageNames(
            compiler: "gcc", make: "make", libcHeaders: "glibc", kernelHeaders: "linux-headers", libelf: "libelf",
            kmod: "kmod", libxml2: "libxml2", perl: "perl", versionedCompilers: []),
        supported: false)

    /// All families that are known.
    public static let all = [debian, redHat, suse, arch]

    /// The family of a system by its `ID`, then by `ID_LIKE`; nil for a stranger.
    public static func of(_ release: OSRelease) -> Distribution? {
        for id in [release.id] + release.idLike {
            if let family = all.first(where: { $0.ids.contains(id) }) { return family }
        }
        return nil
    }
}
