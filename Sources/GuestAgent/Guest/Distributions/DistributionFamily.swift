/// What the distributions of one family do alike: names of packages, and how a kernel's release leads to its headers.
protocol DistributionFamily: Sendable {
    /// Which of the family's release lines this system is of, and which release; nil for another family.
    static func identify(_ release: OSRelease, _ root: SystemRoot) -> Distribution.Identity?
    /// The releases that are known, of all lines.
    static var releases: [KnownRelease] { get }
    static func manager(_ identity: Distribution.Identity) -> PackageManagerKind
    static func names(_ identity: Distribution.Identity) -> PackageNames
    /// Packages with the headers of `kernel`, exactly.
    static func headers(_ kernel: KernelIdentity, _ identity: Distribution.Identity) -> [String]
    /// Packages that bring the newest kernel of the same flavour together with its headers. `installed`: names of all
    /// installed packages, among which may be the one that keeps the kernel up to date.
    static func newestKernel(_ kernel: KernelIdentity, _ identity: Distribution.Identity, installed: Set<String>)
        -> [String]
    /// A compiler of another version than the distribution's own.
    static func compiler(_ major: Int, _ identity: Distribution.Identity) -> CompilerPackages?
    static func dkms(_ identity: Distribution.Identity) -> DKMSSource
}

/// One release of a distribution, as far as it matters here.
struct KnownRelease: Sendable {
    var line: Distribution.Line
    var version: String
    var codename: String?
    /// Major version of the distribution's own gcc.
    var gcc: Int
    /// Major versions of the others that can be installed beside it.
    var others: [Int]

    init(
        _ line: Distribution.Line, _ version: String, _ codename: String? = nil, gcc: Int,
        others: some Sequence<Int> = []
    ) {
        self.line = line
        self.version = version
        self.codename = codename
        self.gcc = gcc
        self.others = Array(others)
    }
}

/// The running kernel, as far as its packages go.
public struct KernelIdentity: Equatable, Sendable {
    /// `uname -r`.
    public var release: String
    /// /usr/lib/modules/RELEASE/pkgbase, which Arch has: "linux-lts".
    public var packageBase: String?

    /// A kernel.
    public init(_ release: String, packageBase: String? = nil) {
        self.release = release
        self.packageBase = packageBase
    }
}

extension Guest {
    /// The running kernel.
    public var kernelIdentity: KernelIdentity {
        KernelIdentity(kernel, packageBase: root.attribute("/lib/modules/\(kernel)/pkgbase"))
    }
}
