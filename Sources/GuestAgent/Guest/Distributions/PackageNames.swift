/// What a distribution calls the packages that the installers need, whatever the kernel.
public struct PackageNames: Equatable, Sendable {
    /// The C compiler of the distribution's own version.
    public var compiler: String
    /// The C++ compiler of the same version.
    public var cxxCompiler: String
    public var make: String
    /// `stdio.h` and the like.
    public var libcHeaders: String
    /// `libelf.h`, for kernels with ORC metadata.
    public var libelf: String
    /// `modprobe`.
    public var kmod: String
    /// `libxml2.so.2`; nil where the distribution has only a later one.
    public var libxml2: String?
    /// Perl with its modules.
    public var perl: String
    public var tar: String
    /// `lspci`.
    public var pciutils: String
    public var dkms: String

    init(
        cxxCompiler: String, libcHeaders: String, libelf: String, libxml2: String? = "libxml2",
        perl: String = "perl"
    ) {
        compiler = "gcc"
        self.cxxCompiler = cxxCompiler
        make = "make"
        self.libcHeaders = libcHeaders
        self.libelf = libelf
        kmod = "kmod"
        self.libxml2 = libxml2
        self.perl = perl
        tar = "tar"
        pciutils = "pciutils"
        dkms = "dkms"
    }
}

/// A C and C++ compiler of one major version.
public struct CompilerPackages: Equatable, Sendable {
    /// Major version of gcc.
    public var major: Int
    /// C and C++.
    public var names: [String]
    /// Where `gcc` and `g++` of that version are; nil where they are on PATH, as `gcc-11` and `g++-11`.
    public var folder: String?
    /// Packages that bring the source which has the compiler; to be installed first.
    public var source: [String] = []
}

/// Where a distribution has dkms from.
public enum DKMSSource: Equatable, Sendable {
    case distribution
    /// A package of the distribution's own brings the source.
    case package(String)
    /// The source's package is not in the distribution.
    case address(String)

    /// What a person types to have dkms, with the package manager `manager`.
    public func advice(_ manager: PackageManagerKind) -> String {
        let install = manager.installWords
        return switch self {
        case .distribution: "\(install) dkms"
        case .package(let name): "\(install) \(name), then \(install) dkms"
        case .address(let address): "\(install) \(address), then \(install) dkms"
        }
    }
}
