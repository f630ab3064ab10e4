extension Runfile {
    /// How many bytes a makeself archive unpacks to, as its header says: `Uncompressed size: 3100584 KB` in what --info
    /// prints. Nil where these bytes do not say it.
    ///
    /// - Parameter prefix: the first bytes of the file, at most ``prefixSize``.
    public static func unpackedBytes(prefix: [UInt8]) -> Int64? {
        let words = Array("Uncompressed size: ".utf8)
        var start = 0
        while start + words.count < prefix.count {
            guard let first = prefix[start...].firstIndex(of: words[0]) else { return nil }
            if prefix[first...].starts(with: words) {
                let digits = prefix[(first + words.count)...].prefix(12).prefix { (0x30...0x39).contains($0) }
                let rest = prefix[(first + words.count + digits.count)...].prefix(3)
                if !digits.isEmpty, rest.elementsEqual(Array(" KB".utf8)) {
                    return Int64(String(decoding: digits, as: UTF8.self)).map { $0 << 10 }
                }
            }
            start = first + 1
        }
        return nil
    }
}

extension CUDAInstaller {
    /// What an installation takes on disk, beyond the .run file itself.
    public struct Space: Equatable, Sendable {
        /// In the folder where it is unpacked, until the end.
        public var unpacked: Int64
        /// In the toolkit's folder, for good.
        public var installed: Int64

        /// Bytes.
        public init(unpacked: Int64, installed: Int64) {
            self.unpacked = unpacked
            self.installed = installed
        }
    }

    /// CUDA 9.0's own figure ("Need 5878290432 bytes", for a file of 1.6 GB): Perl installers unpack packages that are
    /// compressed once more.
    private static let perlExpansion: Int64 = 4

    /// - Parameters:
    ///   - version: the toolkit's.
    ///   - fileBytes: the size of the .run file.
    ///   - unpackedBytes: ``Runfile/unpackedBytes(prefix:)``; where the header does not say it, a guess by experience is
    ///     made: toolkits are stored nearly as they are up to 10.0, and at half their size since.
    /// - Returns: what it takes. The program since 10.1 has its files ready and copies them; the driver that is not
    ///   installed is counted too, so that the sum is rather too high.
    public static func space(for version: ToolVersion, fileBytes: Int64, unpackedBytes: Int64?) -> Space {
        if version < ToolVersion(known: "10.1") {
            return Space(unpacked: max(unpackedBytes ?? 0, fileBytes), installed: fileBytes * perlExpansion)
        }
        let unpacked = max(unpackedBytes ?? fileBytes * 2, fileBytes)
        return Space(unpacked: unpacked, installed: unpacked)
    }
}
