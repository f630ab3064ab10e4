/// RHEL, its rebuilds, CentOS, Oracle Linux and Fedora.
enum RedHatFamily: DistributionFamily {
    /// devtoolset-N and gcc-toolset-N carry gcc N.
    static let releases = [
        KnownRelease(.enterpriseLinux, "7", gcc: 4, others: 6...11),
        KnownRelease(.enterpriseLinux, "8", gcc: 8, others: 9...14),
        KnownRelease(.enterpriseLinux, "9", gcc: 11, others: 12...15),
        KnownRelease(.enterpriseLinux, "10", gcc: 14, others: [15]),
        KnownRelease(.fedora, "38", gcc: 13), KnownRelease(.fedora, "39", gcc: 13),
        KnownRelease(.fedora, "40", gcc: 14),
        KnownRelease(.fedora, "41", gcc: 14), KnownRelease(.fedora, "42", gcc: 15),
        KnownRelease(.fedora, "43", gcc: 15),
    ]

    /// Distributions that keep RHEL's version numbers.
    private static let rebuilds = [
        "rhel", "centos", "rocky", "almalinux", "ol", "scientific", "eurolinux", "cloudlinux", "virtuozzo",
        "miraclelinux", "springdale",
    ]
    /// Amazon Linux has numbers of its own; its tools are those of the enterprise release named here.
    private static let amazon = ["2": "7", "2023": "9"]

    static func identify(_ release: OSRelease, _ root: SystemRoot) -> Distribution.Identity? {
        if rebuilds.contains(release.id) { return .init(.enterpriseLinux, release.versionID, own: true) }
        if release.id == "fedora" { return .init(.fedora, release.versionID, own: true) }
        if release.id == "amzn" { return .init(.enterpriseLinux, amazon[release.versionID] ?? "", own: false) }
        guard release.idLike.contains(where: { $0 == "fedora" || rebuilds.contains($0) }) else { return nil }
        // PLATFORM_ID is the parent's; before there was one (EL 7), packages say it, as the kernel: 3.10.0-1160.el7.x86_64.
        let kernel = root.attribute("/proc/sys/kernel/osrelease") ?? ""
        for mark in [release.platform] + kernel.split(separator: ".").map({ String($0) }) {
            let number = { (prefix: String) in
                mark.hasPrefix(prefix)
                    ? ReleaseVersion(String(mark.dropFirst(prefix.count).prefix(while: \.isNumber)))?.description : nil
            }
            if let version = number("el") { return .init(.enterpriseLinux, version, own: false) }
            if let version = number("fc") ?? number("f") { return .init(.fedora, version, own: false) }
        }
        let enterprise = release.idLike.contains { rebuilds.contains($0) }
        return .init(enterprise ? .enterpriseLinux : .fedora, "", own: false)
    }

    static func manager(_ identity: Distribution.Identity) -> PackageManagerKind {
        identity.line == .enterpriseLinux && identity.version?.major == 7 ? .yum : .dnf
    }

    static func names(_ identity: Distribution.Identity) -> PackageNames {
        PackageNames(cxxCompiler: "gcc-c++", libcHeaders: "glibc-devel", libelf: "elfutils-libelf-devel")
    }

    /// A kernel's release, taken apart: `5.14.0-427.el9.x86_64+rt-debug` is version 5.14.0-427.el9.x86_64 of kernel-rt-debug.
    struct Variant: Equatable {
        var name: String
        var version: String

        init(_ release: String) {
            var version = release
            var suffix = ""
            if let plus = release.firstIndex(of: "+") {
                version = String(release[..<plus])
                suffix = String(release[release.index(after: plus)...])
            } else if release.hasSuffix(".debug") {
                version = String(release.dropLast(".debug".count))  // EL 7
                suffix = "debug"
            }
            var name = "kernel"
            if version.contains("uek") { name += "-uek" }
            // Before EL 9 the real-time kernel had releases of its own: 4.18.0-553.rt7.342.el8_10.x86_64.
            let isRealTime = version.split(separator: ".").contains { $0.hasPrefix("rt") && $0.count > 2 }
            if isRealTime && !suffix.hasPrefix("rt") { name += "-rt" }
            // Amazon Linux 2023 began with 6.1; later kernels carry their number in the name.
            let number = version.split(separator: ".").prefix(2).joined(separator: ".")
            if version.contains(".amzn2023.") && number != "6.1" { name += number }
            self.name = suffix.isEmpty ? name : "\(name)-\(suffix)"
            self.version = version
        }

        /// Whether kernel-devel-matched exists, which ties kernel-devel to the kernel: from EL 9 on and in Fedora.
        var hasMatched: Bool {
            !name.contains("uek") && [".el9", ".el10", ".fc"].contains { version.contains($0) }
        }
    }

    static func headers(_ kernel: KernelIdentity, _ identity: Distribution.Identity) -> [String] {
        let variant = Variant(kernel.release)
        var names = ["\(variant.name)-devel-\(variant.version)"]
        if variant.hasMatched { names.append("\(variant.name)-devel-matched-\(variant.version)") }
        // The user-space headers of another kernel would do as well; glibc-devel brings some where they are not named here.
        // Fedora releases them on their own, and so they have no kernel's version.
        if variant.name == "kernel" && identity.line == .enterpriseLinux {
            names.append("kernel-headers-\(variant.version)")
        }
        return names
    }

    static func newestKernel(
        _ kernel: KernelIdentity, _ identity: Distribution.Identity, installed: Set<String>
    ) -> [String] {
        let variant = Variant(kernel.release)
        return [variant.name, variant.name + "-devel"] + (variant.hasMatched ? [variant.name + "-devel-matched"] : [])
    }

    static func compiler(_ major: Int, _ identity: Distribution.Identity) -> CompilerPackages? {
        guard identity.line == .enterpriseLinux, identity.id != "amzn", let version = identity.version else {
            return nil
        }
        let set = "\(version.major == 7 ? "devtoolset" : "gcc-toolset")-\(major)"
        return CompilerPackages(
            major: major, names: ["\(set)-gcc", "\(set)-gcc-c++"], folder: "/opt/rh/\(set)/root/usr/bin",
            source: version.major == 7 ? ["centos": ["centos-release-scl"]][identity.id] ?? [] : [])
    }

    /// EPEL 7 ended in June 2024, and went from the mirrors.
    private static let archivedEPEL7 =
        "https://archives.fedoraproject.org/pub/archive/epel/7/x86_64/Packages/e/epel-release-7-14.noarch.rpm"

    static func dkms(_ identity: Distribution.Identity) -> DKMSSource {
        guard identity.line == .enterpriseLinux, let major = identity.version?.major else { return .distribution }
        return switch identity.id {
        case "amzn": .distribution
        case "ol": .package("oracle-epel-release-el\(major)")
        case _ where major == 7: .address(archivedEPEL7)
        case "rhel": .address("https://dl.fedoraproject.org/pub/epel/epel-release-latest-\(major).noarch.rpm")
        default: .package("epel-release")
        }
    }
}
