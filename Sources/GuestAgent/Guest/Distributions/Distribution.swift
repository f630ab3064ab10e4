/// What runs in the guest, as far as packages and kernels go. The data are in the families' files (facts, section 6).
public struct Distribution: Equatable, Sendable {
    /// Distributions that share a package manager and most names.
    public enum Family: String, CaseIterable, Sendable {
        case debian
        case redHat = "redhat"
        case suse, arch

        var rules: any DistributionFamily.Type {
            switch self {
            case .debian: DebianFamily.self
            case .redHat: RedHatFamily.self
            case .suse: SUSEFamily.self
            case .arch: ArchFamily.self
            }
        }
    }

    /// Releases whose versions are counted together.
    public enum Line: String, Sendable {
        case debian = "Debian"
        case ubuntu = "Ubuntu"
        case enterpriseLinux = "Enterprise Linux"
        case fedora = "Fedora"
        /// SLES, and Leap, which is made of it.
        case suseEnterprise = "SUSE Linux Enterprise"
        case tumbleweed = "openSUSE Tumbleweed"
        case arch = "Arch Linux"
    }

    /// Which release of which line a system is: its own, or the one that it is made of.
    public struct Identity: Equatable, Sendable {
        public var line: Line
        /// Nil for rolling releases, and for derivatives that do not say what they are made of.
        public var version: ReleaseVersion?
        /// `ID`.
        public var id: String
        /// False for a derivative.
        public var own: Bool

        init(_ line: Line, _ version: String, own: Bool) {
            self.line = line
            self.version = ReleaseVersion(version)
            self.own = own
            id = ""
        }
    }

    /// Whether it can be worked on.
    public enum Support: Equatable, Sendable {
        case supported
        /// It is worked on as the nearest known release would be; in words.
        case uncertain(String)
        /// In words.
        case refused(String)
    }

    public var family: Family
    public var identity: Identity
    /// `PRETTY_NAME`.
    public var name: String
    /// `ID`: a derivative's own.
    public var id: String { identity.id }
    /// The release's version: a derivative's parent's.
    public var version: ReleaseVersion? { identity.version }
    /// Whether it can be worked on.
    public var support: Support

    /// Who installs packages.
    public var manager: PackageManagerKind { family.rules.manager(identity) }
    /// The package names.
    public var packages: PackageNames { family.rules.names(identity) }
    /// Where dkms is from.
    public var dkmsSource: DKMSSource { family.rules.dkms(identity) }

    /// Packages with the headers of `kernel`, exactly, in the package manager's words.
    public func kernelHeaders(_ kernel: KernelIdentity) -> [String] {
        family.rules.headers(kernel, identity)
    }

    /// Packages that bring the newest kernel of the same flavour with its headers.
    public func newestKernel(_ kernel: KernelIdentity, installed: Set<String>) -> [String] {
        family.rules.newestKernel(kernel, identity, installed: installed)
    }

    /// Major version of its own gcc, nil where that is not known.
    public var defaultCompiler: Int? { known?.gcc }

    /// Packages of a compiler of one major version, beside the distribution's own; nil where the distribution has none.
    public func compilerPackages(major: Int) -> CompilerPackages? {
        if let known, !known.others.contains(major) && known.gcc != major { return nil }
        return family.rules.compiler(major, identity)
    }

    /// The newest compiler up to `major` that the distribution has beside its own.
    public func compilerPackages(upTo major: Int) -> CompilerPackages? {
        guard let known else { return family.rules.compiler(major, identity) }
        return known.others.filter { $0 <= major }.max().flatMap { family.rules.compiler($0, identity) }
    }

    /// Whether a kernel with ORC metadata needs libelf's headers to build modules. Debian's headers bring the tool built.
    public var needsLibelfHeaders: Bool { identity.line != .debian }

    /// Whether `package` is a kernel, without which the machine may not boot: no undo removes it.
    public func isKernel(package: String) -> Bool {
        let prefixes =
            switch family {
            case .debian: ["linux-image-", "linux-modules-", "proxmox-kernel-", "proxmox-default-kernel"]
            case .redHat: ["kernel-core", "kernel-modules", "kernel-uek"]
            case .suse: ["kernel-default", "kernel-azure", "kernel-rt"]
            case .arch: [String]()
            }
        let headers = package.contains("-devel") || package.contains("-headers")
        return !headers && (package == "kernel" || prefixes.contains { package.hasPrefix($0) })
    }

    /// The known release, or the newest one of a line that has gone on.
    private var known: KnownRelease? {
        let line = family.rules.releases.filter { $0.line == identity.line }
        guard let version = identity.version else { return line.first { $0.version.isEmpty } }
        return line.last { Self.matches(version, $0) }
    }

    private static func matches(_ version: ReleaseVersion, _ release: KnownRelease) -> Bool {
        guard let known = ReleaseVersion(release.version) else { return false }
        return version.major == known.major && (known.minor == nil || version.minor == known.minor)
    }

    /// All that is supported, for a refusal.
    public static let supported = """
        CentOS, RHEL and Oracle Linux 7; RHEL, Rocky Linux, AlmaLinux, Oracle Linux and CentOS Stream 8 to 10; Fedora; \
        Debian 11 to 13, testing and unstable; Ubuntu 18.04 to 26.04; openSUSE Leap and Tumbleweed; SLES 12 to 15; Arch \
        Linux; and what is made of these
        """

    /// What runs on the machine with this root; nil for a stranger.
    public static func of(_ root: SystemRoot) -> Distribution? {
        let release = OSRelease(of: root)
        for family in Family.allCases {
            guard var identity = family.rules.identify(release, root) else { continue }
            identity.id = release.id
            var distribution = Distribution(
                family: family, identity: identity, name: release.prettyName, support: .supported)
            distribution.support =
                imageBased(root).map { .refused($0) } ?? support(identity, distribution.known, family)
            return distribution
        }
        return nil
    }

    private static func support(_ identity: Identity, _ known: KnownRelease?, _ family: Family) -> Support {
        let line = identity.line
        guard let version = identity.version else {
            let rolling = line == .debian || line == .tumbleweed || line == .arch
            return rolling || known != nil
                ? .supported
                : .uncertain("it does not say which release of \(line.rawValue) it is made of")
        }
        let versions = family.rules.releases.filter { $0.line == line }.compactMap { ReleaseVersion($0.version) }
        guard known == nil, let oldest = versions.min(), let newest = versions.max() else {
            return identity.id == "amzn" ? .uncertain("Amazon Linux has not been tried") : .supported
        }
        let words = "\(line.rawValue) \(version)"
        if version < oldest { return .refused("\(words) is older than \(oldest), the oldest one that is supported.") }
        return version > newest
            ? .uncertain("\(words) is newer than \(newest), the newest one that is known")
            : .uncertain("\(words) is not one of the releases that are known")
    }

    /// Systems whose /usr is an image: packages are not installed in the running system.
    private static func imageBased(_ root: SystemRoot) -> String? {
        if root.exists("/run/ostree-booted") { return "It is an ostree system, whose /usr is read-only." }
        let release = OSRelease(of: root)
        if release.id.contains("micro") || ["aeon", "kalpa"].contains(release.id)
            || release.idLike.contains(where: { $0.contains("microos") })
        {
            return "It is updated by transactional-update, and its /usr is read-only."
        }
        if release.id == "steamos" { return "It is updated as a whole image, and its /usr is read-only." }
        return nil
    }
}
