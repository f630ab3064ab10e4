/// Reads the length-prefixed strings of SSH's wire format (RFC 4251, section 5).
struct WireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// The next 32-bit number, big-endian; nil at the end.
    mutating func uint32() -> UInt32? {
        guard rest.count >= 4 else { return nil }
        let value = rest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        rest = rest.dropFirst(4)
        return value
    }

    /// The next string; nil where its length goes beyond the end.
    mutating func string() -> ArraySlice<UInt8>? {
        guard let length = uint32(), rest.count >= Int(length) else { return nil }
        defer { rest = rest.dropFirst(Int(length)) }
        return rest.prefix(Int(length))
    }
}
