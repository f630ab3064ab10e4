/// A checksum that the header of a .run file gives for a range of the file's own bytes.
public struct IntegrityCheck: Sendable, Equatable {
    /// How the sum is computed, and which tool of coreutils computes it.
    public enum Algorithm: String, Sendable, Codable {
        /// `cksum`: the CRC of POSIX, in decimal.
        case posixCRC
        /// `md5sum`, in lower-case hexadecimal.
        case md5
        /// `sha256sum`, in lower-case hexadecimal.
        case sha256
    }

    /// How the sum is computed.
    public var algorithm: Algorithm
    /// The sum as the header has it: decimal for ``Algorithm/posixCRC``, lower-case hexadecimal otherwise.
    public var expected: String
    /// First byte of the range.
    public var offset: Int64
    /// Length of the range in bytes; nil to the end of the file.
    public var length: Int64?

    /// A checksum over `length` bytes from `offset` on.
    public init(algorithm: Algorithm, expected: String, offset: Int64, length: Int64?) {
        self.algorithm = algorithm
        self.expected = expected
        self.offset = offset
        self.length = length
    }
}
