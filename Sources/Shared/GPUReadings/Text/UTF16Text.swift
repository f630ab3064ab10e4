/// UTF-16, which Windows PowerShell writes when output is redirected to a file.
enum UTF16Text {
    /// The document in UTF-8; nil where it is not UTF-16.
    static func decoded(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count >= 2 else { return nil }
        switch (bytes[0], bytes[1]) {
        case (0xff, 0xfe): return decoded(bytes, from: 2, high: 1)
        case (0xfe, 0xff): return decoded(bytes, from: 2, high: 0)
        // Without a mark: the tools' texts begin with ASCII, and have no NUL in UTF-8.
        case (1..., 0) where bytes.count >= 4 && bytes[2] != 0 && bytes[3] == 0: return decoded(bytes, from: 0, high: 1)
        case (0, 1...) where bytes.count >= 4 && bytes[2] == 0 && bytes[3] != 0: return decoded(bytes, from: 0, high: 0)
        default: return nil
        }
    }

    /// A half of a pair that is alone becomes U+FFFD; an odd byte at the end is left out.
    static func decoded(_ bytes: [UInt8], from start: Int, high: Int) -> [UInt8] {
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        var index = start
        while index + 1 < bytes.count {
            units.append(UInt16(bytes[index + high]) << 8 | UInt16(bytes[index + 1 - high]))
            index += 2
        }
        return TerminalText.cleaned(Array(String(decoding: units, as: UTF16.self).utf8))
    }
}
