/// The lines of a text as indentation, key and value, split at the first " : "; each byte is looked at once.
struct KeyedLines {
    struct Line {
        /// From 1.
        var number: Int
        /// How many blanks and tabs it begins with.
        var indentation: Int
        /// Trimmed; all of a line that has no " : ".
        var key: ByteText.Piece
        /// ``FactStore/hash(_:_:)`` of the key.
        var hash: UInt64
        /// Not trimmed. A value that is empty counts too.
        var value: ByteText.Piece?
    }

    private let bytes: [UInt8]
    private var position = 0
    private var number = 0

    init(_ text: ByteText) { bytes = text.bytes }

    mutating func next() -> Line? {
        let end = bytes.count
        let start = position
        guard start < end else { return nil }
        number += 1
        var index = start
        while index < end, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
        var line = Line(number: number, indentation: index - start, key: index..<index, hash: Self.seed)
        var keyEnd = index
        var hash = Self.seed
        while index < end {
            let byte = bytes[index]
            if byte > 0x20 {
                if byte == UInt8(ascii: ":"), index > start, bytes[index - 1] == 0x20,
                    index + 1 == end || bytes[index + 1] <= 0x20
                {
                    break
                }
                // The blanks before it are part of the key only now.
                while keyEnd < index {
                    hash = (hash ^ UInt64(bytes[keyEnd])) &* Self.prime
                    keyEnd += 1
                }
                hash = (hash ^ UInt64(FactUnit.folded(byte))) &* Self.prime
                keyEnd = index + 1
            } else if byte == 0x0a || byte == 0x0d {
                break
            }
            index += 1
        }
        line.key = line.key.lowerBound..<keyEnd
        line.hash = hash
        if index < end, bytes[index] == UInt8(ascii: ":") {
            let value = index + 1
            index = value
            while index < end, bytes[index] != 0x0a, bytes[index] != 0x0d { index += 1 }
            line.value = value..<index
        }
        // As ByteLines does: a run of CR is one line's end.
        while index < end, bytes[index] == 0x0d { index += 1 }
        if index < end, bytes[index] == 0x0a { index += 1 }
        position = index
        return line
    }

    private static let seed: UInt64 = 0xcbf2_9ce4_8422_2325
    private static let prime: UInt64 = 0x100_0000_01b3
}
