/// Raw bytes of a log → bytes to compare: lower case, one kind of quote, white space as one space, without escape
/// sequences, control characters and backslashes. A stream: its memory does not grow with the log.
struct LogNormaliser {
    private enum Place { case text, escape, control, string, quote1, quote2 }

    private var place = Place.text
    /// Bytes of an escape sequence so far: an unfinished one must not swallow the log.
    private var escaped = 0
    private var wasSpace = true

    static let longestEscape = 256

    /// Feeds a byte that ends no line; `emit` gets what counts, at most three bytes.
    @inline(__always)
    mutating func feed(_ byte: UInt8, _ emit: (UInt8) -> Void) {
        switch place {
        case .text: text(byte, emit)
        case .escape:
            escaped = 0
            switch byte {
            case UInt8(ascii: "["): place = .control
            case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"), UInt8(ascii: "X"):
                place = .string
            case 0x20...0x2f: break
            default: place = .text
            }
        case .control:
            escaped += 1
            if (0x40...0x7e).contains(byte) || escaped > Self.longestEscape { place = .text }
        case .string:
            escaped += 1
            if byte == 0x07 || escaped > Self.longestEscape { place = .text } else if byte == 0x1b { place = .escape }
        case .quote1:
            if byte == 0x80 {
                place = .quote2
            } else {
                place = .text
                put(0xe2, emit)
                text(byte, emit)
            }
        case .quote2:
            place = .text
            switch byte {
            case 0x98, 0x99, 0x9c, 0x9d: put(UInt8(ascii: "'"), emit)  // ‘ ’ “ ”
            default:
                put(0xe2, emit)
                put(0x80, emit)
                put(byte, emit)
            }
        }
    }

    /// A line ends: white space like any other. An escape sequence ends with it.
    @inline(__always)
    mutating func endLine(_ emit: (UInt8) -> Void) {
        place = .text
        put(0x20, emit)
    }

    @inline(__always)
    private mutating func text(_ byte: UInt8, _ emit: (UInt8) -> Void) {
        switch byte {
        case 0x1b: place = .escape
        case 0xe2: place = .quote1
        default:
            let folded = Self.folded(byte)
            if folded != 0 { put(folded, emit) }
        }
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8, _ emit: (UInt8) -> Void) {
        if byte == 0x20 {
            if wasSpace { return }
            wasSpace = true
        } else {
            wasSpace = false
        }
        emit(byte)
    }

    /// A byte as it is compared; 0 for one that does not count.
    @inline(__always)
    static func folded(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x41...0x5a: byte | 0x20
        case 0x09, 0x0a, 0x0d, 0x20: 0x20
        case UInt8(ascii: "\""), UInt8(ascii: "`"): UInt8(ascii: "'")
        case UInt8(ascii: "\\"), 0..<0x20, 0x7f: 0
        default: byte
        }
    }

    /// A whole text, normalised; what stands at the beginning of a piece of a pattern counts, a space included.
    static func normal(_ bytes: [UInt8]) -> [UInt8] {
        var normaliser = LogNormaliser()
        normaliser.wasSpace = false
        var all: [UInt8] = []
        for byte in bytes { normaliser.feed(byte) { all.append($0) } }
        return all == [0x20] ? [] : all
    }

    /// A text with curly quotes made straight and white space as one space, the rest as it was: for values out of it.
    static func spaced(_ text: String) -> [UInt8] {
        let straight: [Unicode.Scalar: Unicode.Scalar] = ["‘": "'", "’": "'", "“": "\"", "”": "\""]
        let scalars = text.unicodeScalars.filter { $0 != "\\" }.map { straight[$0] ?? $0 }
        let words = String(String.UnicodeScalarView(scalars)).utf8.split { $0 == 0x20 || (0x09...0x0d).contains($0) }
        return Array(words.joined(separator: [0x20]))
    }
}
