/// What a .run file says about itself, read without running it.
///
/// NVIDIA's driver is packed by its own makeself (1.6.0-nv2), which names version and architecture in the header. CUDA
/// is packed by upstream makeself, which does not know about CUDA: there, version, driver and architecture come from the
/// file name, `cuda_<version>_<driver>_linux[_<architecture>].run`.
public struct Runfile: Sendable, Equatable {
    /// What the file installs.
    public enum Kind: String, Sendable, Codable {
        /// An NVIDIA driver.
        case driver
        /// A CUDA toolkit.
        case cuda
        /// A patch to an installed CUDA toolkit: `cuda_9.1.85.2_linux`, a fourth number and no driver.
        case cudaPatch
        /// Another makeself archive.
        case other
    }

    /// How the archive inside is compressed, from its first bytes.
    public enum Compression: String, Sendable, Codable {
        case gzip, xz, bzip2, zstd, lz4
        /// A bare tar.
        case none
    }

    /// What the file installs.
    public var kind: Kind
    /// The version of that.
    public var version: ToolVersion
    /// The machine it is for, in the kernel's words (`uname -m`): "x86_64", "aarch64", "ppc64le".
    public var architecture: String
    /// The header's title: "NVIDIA Accelerated Graphics Driver for Linux-x86_64 390.42".
    public var label: String
    /// CUDA only: the driver that is inside too, from the file name. Nil up to 8.0.44, and in patches.
    public var bundledDriver: ToolVersion?
    /// The name it was read under, without folders.
    public var fileName: String
    /// The header's checksums, to be computed over the file by whoever can read all of it. Empty where it has none.
    public var integrity: [IntegrityCheck]
    /// How the archive inside is compressed; nil where it begins after the prefix that was given, or is unknown.
    public var compression: Compression?
    /// Size in bytes that the header promises; nil for drivers, whose header has no sizes.
    public var expectedSize: Int64?

    /// What a file says; ``read(fileName:prefix:size:)`` finds it out.
    public init(
        kind: Kind, version: ToolVersion, architecture: String, label: String, bundledDriver: ToolVersion?,
        fileName: String, integrity: [IntegrityCheck], compression: Compression?, expectedSize: Int64?
    ) {
        self.kind = kind
        self.version = version
        self.architecture = architecture
        self.label = label
        self.bundledDriver = bundledDriver
        self.fileName = fileName
        self.integrity = integrity
        self.compression = compression
        self.expectedSize = expectedSize
    }

    /// How many bytes of the file ``read(fileName:prefix:size:)`` should be given.
    public static let prefixSize = 256 * 1024

    /// Reads the header of a .run file.
    ///
    /// - Parameters:
    ///   - fileName: its name; folders before it are ignored. CUDA files must have the name that NVIDIA gave them.
    ///   - prefix: its first ``prefixSize`` bytes, or all of it where it is shorter.
    ///   - size: the size of the whole file in bytes.
    /// - Returns: what the header and the name say.
    /// - Throws: ``RunfileError``. A file that ends early is recognised here where the header allows it, before anyone
    ///   spends minutes on a checksum.
    public static func read(fileName: String, prefix: [UInt8], size: Int64) throws(RunfileError) -> Runfile {
        let name = String(fileName.split(separator: "/").last ?? "")
        guard prefix.starts(with: Array("#!".utf8)) else {
            throw .notARunfile(seen: describeForeignFile(prefix))
        }
        let header = RunfileHeader(prefix)
        // NVIDIA's own makeself is told from upstream's by the version, which upstream has no variable for.
        if header["version_string"] != nil {
            return try readDriver(name: name, header: header, size: size)
        }
        guard header["CRCsum"] != nil, header["filesizes"] != nil else {
            throw .notARunfile(seen: "a script without the header of a self-extracting archive")
        }
        return try readMakeself(name: name, header: header, size: size)
    }
}
