/// Looking into a piece. What is looked for is ASCII, and known when this is compiled: a `StaticString` is only its bytes,
/// while a `String` has to be asked for them.
extension ByteText {
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (byte &- 0x09) < 5 }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// Without blanks, tabs and line ends around it.
    func trimmed(_ piece: Piece) -> Piece {
        var start = piece.lowerBound
        var end = piece.upperBound
        while start < end, Self.isBlank(bytes[start]) { start += 1 }
        while end > start, Self.isBlank(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    /// How many blanks and tabs it begins with.
    func indentation(_ piece: Piece) -> Int {
        var index = piece.lowerBound
        while index < piece.upperBound, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
        return index - piece.lowerBound
    }

    func starts(_ piece: Piece, with prefix: StaticString) -> Bool {
        guard prefix.utf8CodeUnitCount <= piece.count else { return false }
        return prefix.withUTF8Buffer { prefix in
            var index = piece.lowerBound
            for byte in prefix {
                if bytes[index] != byte { return false }
                index += 1
            }
            return true
        }
    }

    func ends(_ piece: Piece, with last: UInt8) -> Bool {
        !piece.isEmpty && bytes[piece.upperBound - 1] == last
    }

    func ends(_ piece: Piece, with suffix: StaticString) -> Bool {
        let count = suffix.utf8CodeUnitCount
        return piece.count >= count && starts(piece.upperBound - count..<piece.upperBound, with: suffix)
    }

    func equals(_ piece: Piece, _ text: StaticString) -> Bool {
        piece.count == text.utf8CodeUnitCount && starts(piece, with: text)
    }

    /// Whether it is a text that was read.
    func equals(_ piece: Piece, text: String) -> Bool { bytes[piece].elementsEqual(text.utf8) }

    /// What follows `prefix`, trimmed; nil where it does not begin so.
    func after(_ prefix: StaticString, in piece: Piece) -> Piece? {
        guard starts(piece, with: prefix) else { return nil }
        return trimmed(piece.lowerBound + prefix.utf8CodeUnitCount..<piece.upperBound)
    }

    /// Where `byte` is first.
    func find(_ byte: UInt8, in piece: Piece) -> Int? {
        var index = piece.lowerBound
        while index < piece.upperBound {
            if bytes[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// Where `byte` is last.
    func findLast(_ byte: UInt8, in piece: Piece) -> Int? {
        var index = piece.upperBound
        while index > piece.lowerBound {
            index -= 1
            if bytes[index] == byte { return index }
        }
        return nil
    }

    /// Where `part`, which is not empty, is first.
    func find(_ part: StaticString, in piece: Piece) -> Piece? {
        let count = part.utf8CodeUnitCount
        return part.withUTF8Buffer { part in
            var index = piece.lowerBound
            let last = piece.upperBound - count
            guard let first = part.first, index <= last else { return nil }
            let step = count > 1 ? 1 : 0
            let second = part[step]
            while index <= last {
                // A line has many of the first byte of "</" or ": ", and few of both.
                if bytes[index] == first, bytes[index + step] == second {
                    var same = 0
                    while same < count, bytes[index + same] == part[same] { same += 1 }
                    if same == count { return index..<index + count }
                }
                index += 1
            }
            return nil
        }
    }

    func has(_ part: StaticString, in piece: Piece) -> Bool { find(part, in: piece) != nil }

    /// What is on either side of the first `separator`; nil where it has none.
    func halves(_ piece: Piece, at separator: StaticString) -> (Piece, Piece)? {
        guard let found = find(separator, in: piece) else { return nil }
        return (piece.lowerBound..<found.lowerBound, found.upperBound..<piece.upperBound)
    }

    /// Takes the next word off `rest`: words are separated by blanks or tabs.
    func nextWord(_ rest: inout Piece) -> Piece? {
        var start = rest.lowerBound
        while start < rest.upperBound, Self.isBlank(bytes[start]) { start += 1 }
        var end = start
        while end < rest.upperBound, !Self.isBlank(bytes[end]) { end += 1 }
        rest = end..<rest.upperBound
        return start < end ? start..<end : nil
    }

    /// Where the word that begins at `start` ends, and its first eight bytes, the first one lowest. Most words are short, so
    /// that eight bytes are looked at together.
    func word(from start: Int, to end: Int) -> (end: Int, head: UInt64) {
        bytes.withUnsafeBytes { bytes in
            if end - start >= 8 {
                let eight = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
                // The lowest byte below 0x21 has its highest bit set here; what is set above it may be false.
                let low: UInt64 = (eight &- 0x2121_2121_2121_2121) & ~eight & 0x8080_8080_8080_8080
                let count = low.trailingZeroBitCount / 8
                if count > 0, count < 8, Self.isBlank(bytes[start + count]) {
                    return (start + count, eight & (UInt64.max >> UInt64(64 - 8 * count)))
                }
            }
            var index = start
            var head: UInt64 = 0
            while index < end, !Self.isBlank(bytes[index]) {
                if index - start < 8 { head |= UInt64(bytes[index]) << UInt64(8 * (index - start)) }
                index += 1
            }
            return (index, head)
        }
    }

    /// Its first word; nil where it has none.
    func firstWord(_ piece: Piece) -> Piece? {
        var rest = piece
        return nextWord(&rest)
    }

    /// Takes the field before the next `separator` off `rest`, not trimmed; the last one ends where `rest` does, and
    /// makes it nil.
    func nextField(_ rest: inout Piece?, separator: UInt8) -> Piece? {
        guard let piece = rest else { return nil }
        guard let end = find(separator, in: piece) else {
            rest = nil
            return piece
        }
        rest = end + 1..<piece.upperBound
        return piece.lowerBound..<end
    }

    /// Its words, the first `most` of them.
    func words(_ piece: Piece, most: Int = .max) -> [Piece] {
        var words: [Piece] = []
        var rest = piece
        while words.count < most, let word = nextWord(&rest) { words.append(word) }
        return words
    }
}
