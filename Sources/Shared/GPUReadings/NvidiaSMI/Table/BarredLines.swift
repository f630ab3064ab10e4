/// The lines of a table as the cells between their bars; each byte is looked at once.
struct BarredLines {
    /// The line's number, from 1.
    private(set) var number = 0
    /// The whole line, trimmed.
    private(set) var line: ByteText.Piece = 0..<0
    /// What is between the bars of a line that begins with one, trimmed; the first eight of them.
    private(set) var cells: [ByteText.Piece] = []

    private let bytes: [UInt8]
    private var position = 0
    private static let mostCells = 8

    init(_ text: ByteText) { bytes = text.bytes }

    /// Goes on to the next line that is not empty; false at the end.
    mutating func advance() -> Bool {
        let end = bytes.count
        var index = position
        while index < end {
            number += 1
            while index < end, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
            let start = index
            let isBarred = index < end && bytes[index] == UInt8(ascii: "|")
            cells.removeAll(keepingCapacity: true)
            if isBarred { index += 1 }
            var first = -1
            var last = index
            while index < end {
                let byte = bytes[index]
                if byte > 0x20 {
                    if byte == UInt8(ascii: "|"), isBarred, cells.count < Self.mostCells {
                        cells.append(first < 0 ? index..<index : first..<last)
                        first = -1
                    } else if first < 0 {
                        first = index
                    }
                    last = index + 1
                } else if byte == 0x0a || byte == 0x0d {
                    break
                }
                index += 1
            }
            // Where the last bar is missing, or something follows it.
            if isBarred, first >= 0, cells.count < Self.mostCells { cells.append(first..<last) }
            line = start..<max(start, min(last, index))
            while index < end, bytes[index] == 0x0d { index += 1 }
            if index < end, bytes[index] == 0x0a { index += 1 }
            position = index
            if !line.isEmpty { return true }
        }
        return false
    }
}
