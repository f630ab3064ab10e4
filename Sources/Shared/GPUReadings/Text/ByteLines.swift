/// The lines of a document, or of a part of it. A line ends with LF, CR LF, or CR (which a program that overwrites its line
/// prints).
struct ByteLines: Sequence, IteratorProtocol {
    struct Line {
        /// From 1.
        var number: Int
        /// Without the line's end.
        var piece: ByteText.Piece
    }

    private let bytes: [UInt8]
    private let end: Int
    /// Where the next line begins.
    private(set) var position: Int
    /// The number of the line that was given last.
    private(set) var number: Int

    init(_ text: ByteText) { self.init(text, text.whole, from: 1) }

    init(_ text: ByteText, _ piece: ByteText.Piece, from number: Int) {
        bytes = text.bytes
        end = piece.upperBound
        position = piece.lowerBound
        self.number = number - 1
    }

    mutating func next() -> Line? {
        guard position < end else { return nil }
        let start = position
        var index = lineEnd(from: start)
        let stop = index
        // Terminals make CR CR LF of a CR LF. A run of CR is taken as one, so that no text is walked twice.
        while index < end, bytes[index] == 0x0d { index += 1 }
        if index < end, bytes[index] == 0x0a { index += 1 }
        position = index
        number += 1
        return Line(number: number, piece: start..<stop)
    }

    /// Where the next LF or CR is, or the end. A look at each byte of most texts, so that eight are looked at together.
    private func lineEnd(from start: Int) -> Int {
        let end = end
        return bytes.withUnsafeBytes { bytes in
            var index = start
            while index + 8 <= end {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                // A byte that is 0 here has its highest bit set there; what is set above the lowest one may be false.
                let feed = word ^ 0x0a0a_0a0a_0a0a_0a0a
                let carriage = word ^ 0x0d0d_0d0d_0d0d_0d0d
                let feeds: UInt64 = (feed &- 0x0101_0101_0101_0101) & ~feed
                let carriages: UInt64 = (carriage &- 0x0101_0101_0101_0101) & ~carriage
                let found: UInt64 = (feeds | carriages) & 0x8080_8080_8080_8080
                if found != 0 { return index + found.trailingZeroBitCount / 8 }
                index += 8
            }
            while index < end, bytes[index] != 0x0a, bytes[index] != 0x0d { index += 1 }
            return index
        }
    }

    /// Leaves out the lines that are indented and have no `</n` in them, up to one that ends behind `limit`: what is within
    /// nvidia-smi's XML, and most of a stream of it.
    ///
    /// - Returns: where the last of them ended; nil where there was none.
    mutating func skipElements(limit: Int) -> Int? {
        // A look at each byte of a stream: without the array's checks it takes half the time.
        let end = end
        return bytes.withUnsafeBufferPointer { bytes in
            var last: Int?
            while position < end, bytes[position] == 0x09 || bytes[position] == 0x20 {
                var index = position + 1
                while index < end, bytes[index] == 0x09 { index += 1 }
                while index < end {
                    let byte = bytes[index]
                    if byte == 0x3c {
                        if index + 2 < end, bytes[index + 1] == 0x2f, bytes[index + 2] == 0x6e { return last }
                    } else if byte < 0x10, byte == 0x0a || byte == 0x0d {
                        break
                    }
                    index += 1
                }
                guard index <= limit else { return last }
                last = index
                while index < end, bytes[index] == 0x0d { index += 1 }
                if index < end, bytes[index] == 0x0a { index += 1 }
                position = index
                number += 1
            }
            return last
        }
    }
}
