/// What a terminal or a web page leaves in a text that was copied from it.
enum TerminalText {
    private static let escape: UInt8 = 0x1b
    /// More than any colour or title has.
    private static let longest = 256

    /// Without a byte-order mark and without escape sequences; blanks that do not break become blanks.
    static func cleaned(_ bytes: [UInt8]) -> [UInt8] {
        let start = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        guard start > 0 || needsCleaning(bytes) else { return bytes }
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        var index = start
        while index < bytes.count {
            if bytes[index] == escape {
                index = end(of: index, in: bytes)
            } else if bytes[index] == 0xc2, index + 1 < bytes.count, bytes[index + 1] == 0xa0 {
                kept.append(0x20)
                index += 2
            } else {
                kept.append(bytes[index])
                index += 1
            }
        }
        return kept
    }

    /// Without a branch for each byte, which makes it many times as fast: nearly no text needs cleaning.
    private static func needsCleaning(_ bytes: [UInt8]) -> Bool {
        var found: UInt8 = 0
        for byte in bytes { found |= (byte == escape ? 1 : 0) | (byte == 0xc2 ? 1 : 0) }
        return found != 0
    }

    /// Behind the escape sequence that begins at `start`; a sequence without its end is only its first byte.
    private static func end(of start: Int, in bytes: [UInt8]) -> Int {
        let last = min(bytes.count, start + longest)
        var index = start + 2
        guard index <= last else { return start + 1 }
        switch bytes[start + 1] {
        case UInt8(ascii: "["):
            while index < last {
                if (0x40...0x7e).contains(bytes[index]) { return index + 1 }
                guard (0x20...0x3f).contains(bytes[index]) else { break }
                index += 1
            }
        case UInt8(ascii: "]"):
            // A title: until BEL, or the escape of ESC \.
            while index < last, bytes[index] != 0x0a {
                if bytes[index] == 0x07 { return index + 1 }
                if bytes[index] == escape { return min(index + 2, bytes.count) }
                index += 1
            }
        case UInt8(ascii: "("), UInt8(ascii: ")"):
            return min(index + 1, last)
        default: break
        }
        return start + 1
    }
}
