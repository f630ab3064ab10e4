/// Arch Linux and what is made of it.
enum ArchFamily: DistributionFamily {
    static let releases = [KnownRelease(.arch, "", gcc: 15, others: [13, 14])]

    static func identify(_ release: OSRelease, _ root: SystemRoot) -> Distribution.Identity? {
        guard release.id == "arch" || release.idLike.contains("arch") else { return nil }
        return .init(.arch, "", own: release.id == "arch")
    }

    static func manager(_ identity: Distribution.Identity) -> PackageManagerKind { .pacman }

    /// libxml2 2.14 changed its name to libxml2.so.16; libxml2-legacy is the one before.
    static func names(_ identity: Distribution.Identity) -> PackageNames {
        PackageNames(cxxCompiler: "gcc", libcHeaders: "glibc", libelf: "libelf", libxml2: "libxml2-legacy")
    }

    /// The kernel's package. Where an upgrade took the running kernel's modules away, its release must tell.
    static func base(_ kernel: KernelIdentity) -> String {
        if let base = kernel.packageBase, !base.isEmpty { return base }
        let flavours = ["lts", "zen", "hardened", "rt"]
        return flavours.first { kernel.release.hasSuffix("-" + $0) }.map { "linux-" + $0 } ?? "linux"
    }

    static func headers(_ kernel: KernelIdentity, _ identity: Distribution.Identity) -> [String] {
        [base(kernel) + "-headers"]
    }

    static func newestKernel(
        _ kernel: KernelIdentity, _ identity: Distribution.Identity, installed: Set<String>
    ) -> [String] {
        [base(kernel), base(kernel) + "-headers"]
    }

    static func compiler(_ major: Int, _ identity: Distribution.Identity) -> CompilerPackages? {
        CompilerPackages(major: major, names: ["gcc\(major)"])
    }

    static func dkms(_ identity: Distribution.Identity) -> DKMSSource { .distribution }
}
