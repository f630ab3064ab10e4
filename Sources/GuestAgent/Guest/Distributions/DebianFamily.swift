/// Debian, Ubuntu and what is made of them.
enum DebianFamily: DistributionFamily {
    static let releases = [
        KnownRelease(.debian, "11", "bullseye", gcc: 10, others: [9]),
        KnownRelease(.debian, "12", "bookworm", gcc: 12, others: [11]),
        KnownRelease(.debian, "13", "trixie", gcc: 14, others: [12, 13]),
        KnownRelease(.ubuntu, "18.04", "bionic", gcc: 7, others: [5, 6, 8]),
        KnownRelease(.ubuntu, "20.04", "focal", gcc: 9, others: [7, 8, 10]),
        KnownRelease(.ubuntu, "22.04", "jammy", gcc: 11, others: [9, 10, 12]),
        KnownRelease(.ubuntu, "24.04", "noble", gcc: 13, others: [9, 10, 11, 12, 14]),
        KnownRelease(.ubuntu, "26.04", "resolute", gcc: 15, others: [11, 12, 13, 14]),
    ]

    static func identify(_ release: OSRelease, _ root: SystemRoot) -> Distribution.Identity? {
        let line: Distribution.Line
        switch release.id {
        case "ubuntu": return .init(.ubuntu, release.versionID, own: true)
        // Testing and unstable have no VERSION_ID.
        case "debian": return .init(.debian, release.versionID, own: true)
        default:
            guard let parent = release.idLike.first(where: { ["ubuntu", "debian"].contains($0) }) else { return nil }
            line = parent == "ubuntu" ? .ubuntu : .debian
        }
        // The derivative's own numbers mean something else (Linux Mint 22 is Ubuntu 24.04): the code name tells.
        for codename in release.codenames {
            if let known = releases.first(where: { $0.codename == codename }) {
                return .init(known.line, known.version, own: false)
            }
        }
        let version = line == .debian ? root.attribute("/etc/debian_version") ?? "" : ""
        return .init(line, ReleaseVersion(version) == nil ? "" : version, own: false)
    }

    static func manager(_ identity: Distribution.Identity) -> PackageManagerKind { .apt }

    static func names(_ identity: Distribution.Identity) -> PackageNames {
        // libxml2 2.14 changed its name to libxml2.so.16.
        let newest = identity.line == .ubuntu ? ReleaseVersion("25.04") : ReleaseVersion("13")
        let hasLibxml2 = if let version = identity.version, let newest { version <= newest } else { false }
        return PackageNames(
            cxxCompiler: "g++", libcHeaders: "libc6-dev", libelf: "libelf-dev", libxml2: hasLibxml2 ? "libxml2" : nil)
    }

    static func headers(_ kernel: KernelIdentity, _ identity: Distribution.Identity) -> [String] {
        kernel.release.hasSuffix("-pve")
            ? ["proxmox-headers-\(kernel.release)"] : ["linux-headers-\(kernel.release)"]
    }

    static func newestKernel(
        _ kernel: KernelIdentity, _ identity: Distribution.Identity, installed: Set<String>
    ) -> [String] {
        if kernel.release.hasSuffix("-pve") { return ["proxmox-default-kernel", "proxmox-default-headers"] }
        let flavour = flavour(kernel.release)
        // What keeps the kernel up to date here, if anything does: linux-image-generic-hwe-22.04, linux-image-virtual.
        let wanted = flavour == "generic" ? [flavour, "virtual"] : [flavour]
        let kept = installed.sorted().compactMap { name -> String? in
            guard name.hasPrefix("linux-image-") else { return nil }
            let tail = String(name.dropFirst("linux-image-".count))
            return wanted.contains { tail == $0 || tail.hasPrefix($0 + "-") } ? tail : nil
        }
        let tail = kept.max { $0.count < $1.count } ?? flavour
        return ["linux-image-\(tail)", "linux-headers-\(tail)"]
    }

    /// What stands behind version and ABI: "amd64", "cloud-amd64", "generic", "aws".
    static func flavour(_ release: String) -> String {
        let parts = release.split(separator: "-").map { String($0) }
        // 6.12.43+deb13-cloud-amd64, 6.1.0-26-rt-amd64, 6.8.0-45-generic
        let words = parts.dropFirst().drop { $0.first?.isNumber ?? false }
        return words.isEmpty ? "amd64" : words.joined(separator: "-")
    }

    static func compiler(_ major: Int, _ identity: Distribution.Identity) -> CompilerPackages? {
        CompilerPackages(major: major, names: ["gcc-\(major)", "g++-\(major)"])
    }

    static func dkms(_ identity: Distribution.Identity) -> DKMSSource { .distribution }
}
