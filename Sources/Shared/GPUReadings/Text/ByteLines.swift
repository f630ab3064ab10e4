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
        var index = start
        // Nearly all bytes are above both, so that one comparison does for most.
        while index < end {
            let byte = bytes[index]
            if byte <= 0x0d, byte == 0x0a || byte == 0x0d { break }
            index += 1
        }
        let stop = index
        // Terminals make CR CR LF of a CR LF. A run of CR is taken as one, so that no text is walked twice.
        while index < end, bytes[index] == 0x0d { index += 1 }
        if index < end, bytes[index] == 0x0a { index += 1 }
        position = index
        number += 1
        return Line(number: number, piece: start..<stop)
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
