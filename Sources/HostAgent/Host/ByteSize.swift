/// Bytes as people write them: 4G, 512M, 20GiB, 1073741824. Units are powers of 1024, as QEMU has them.
public struct ByteSize: Equatable, Sendable {
    public var bytes: Int64

    /// Nil for what is none, for 0, and for what does not fit.
    public init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).lowercased()
        guard let count = Int64(digits), count > 0 else { return nil }
        let shift: Int64
        switch unit {
        case "": shift = 0
        case "k", "kib": shift = 10
        case "m", "mib": shift = 20
        case "g", "gib": shift = 30
        case "t", "tib": shift = 40
        default: return nil
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { return nil }
        self.bytes = bytes
    }
}
