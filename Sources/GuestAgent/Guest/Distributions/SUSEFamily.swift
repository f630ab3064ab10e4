/// SLES, openSUSE Leap and Tumbleweed.
enum SUSEFamily: DistributionFamily {
    static let releases = [
        KnownRelease(.suseEnterprise, "12", gcc: 4, others: 5...13),
        KnownRelease(.suseEnterprise, "15", gcc: 7, others: 8...14),
        KnownRelease(.suseEnterprise, "16", gcc: 15, others: [13, 14]),
        KnownRelease(.tumbleweed, "", gcc: 15, others: [7, 11, 12, 13, 14]),
    ]

    static func identify(_ release: OSRelease, _ root: SystemRoot) -> Distribution.Identity? {
        switch release.id {
        case "sles", "sled", "sles_sap": return .init(.suseEnterprise, release.versionID, own: true)
        case "opensuse-tumbleweed", "opensuse-slowroll": return .init(.tumbleweed, "", own: true)
        case "opensuse-leap", "opensuse":
            // Leap 42 was made of SLES 12, and came before 15.
            let version = release.versionID
            return .init(
                .suseEnterprise, version.hasPrefix("42.") ? "12." + version.dropFirst(3) : version, own: true)
        default:
            let like = release.idLike
            if like.contains("opensuse-tumbleweed") { return .init(.tumbleweed, "", own: false) }
            guard like.contains(where: { $0 == "suse" || $0.hasPrefix("opensuse") || $0 == "sles" }) else { return nil }
            return .init(.suseEnterprise, "", own: false)
        }
    }

    static func manager(_ identity: Distribution.Identity) -> PackageManagerKind { .zypper }

    static func names(_ identity: Distribution.Identity) -> PackageNames {
        PackageNames(
            cxxCompiler: "gcc-c++", libcHeaders: "glibc-devel", libelf: "libelf-devel",
            libxml2: identity.line == .tumbleweed ? nil : "libxml2-2")
    }

    /// `6.4.0-150600.23.25-default` is version 6.4.0-150600.23.25 of the flavour default. The package's own release has
    /// the build's number behind (150600.23.25.1), but it provides itself without one: `kernel-default-devel =
    /// 6.4.0-150600.23.25` (%source_rel in SUSE's kernel-binary.spec).
    static func parts(_ release: String) -> (version: String, flavour: String) {
        guard let dash = release.lastIndex(of: "-") else { return (release, "default") }
        return (String(release[..<dash]), String(release[release.index(after: dash)...]))
    }

    static func headers(_ kernel: KernelIdentity, _ identity: Distribution.Identity) -> [String] {
        let (version, flavour) = parts(kernel.release)
        return ["kernel-\(flavour)-devel=\(version)"]
    }

    static func newestKernel(
        _ kernel: KernelIdentity, _ identity: Distribution.Identity, installed: Set<String>
    ) -> [String] {
        let flavour = parts(kernel.release).flavour
        return ["kernel-\(flavour)", "kernel-\(flavour)-devel"]
    }

    static func compiler(_ major: Int, _ identity: Distribution.Identity) -> CompilerPackages? {
        CompilerPackages(major: major, names: ["gcc\(major)", "gcc\(major)-c++"])
    }

    static func dkms(_ identity: Distribution.Identity) -> DKMSSource { .distribution }
}
