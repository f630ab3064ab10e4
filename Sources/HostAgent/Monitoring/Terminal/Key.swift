/// A key that was pressed.
enum Key: Equatable, Sendable {
    case up, down, left, right, pageUp, pageDown, home, end, enter, escape, tab, backTab, backspace
    case character(Character)
    /// With Ctrl, by its letter: "c".
    case control(Character)
}

/// Bytes of a terminal → keys, whichever pieces they come in.
struct KeyDecoder: Sendable {
    private var pending: [UInt8] = []
    /// A longer sequence is no key's: a terminal's answer, or noise.
    private static let limit = 64

    init() {}

    /// Whether an escape waits for what follows it; if nothing does for a moment, it was the key (``flush()``).
    var isPending: Bool { !pending.isEmpty }

    mutating func push(_ bytes: some Sequence<UInt8>) -> [Key] {
        pending += bytes
        var keys: [Key] = []
        while let (key, used) = next() {
            pending.removeFirst(used)
            if let key { keys.append(key) }
        }
        if pending.count > Self.limit { pending = [] }
        return keys
    }

    /// What was begun and not ended: the escape key alone.
    mutating func flush() -> [Key] {
        defer { pending = [] }
        return pending == [0x1b] ? [.escape] : []
    }

    /// The first key and its length; nil where more bytes are needed.
    private func next() -> (Key?, Int)? {
        guard let first = pending.first else { return nil }
        switch first {
        case 0x1b: return escape()
        case 0x0d, 0x0a: return (.enter, 1)
        case 0x09: return (.tab, 1)
        case 0x7f, 0x08: return (.backspace, 1)
        case ..<0x20:
            return (.control(Character(Unicode.Scalar(first | 0x60))), 1)
        case ..<0x80: return (.character(Character(Unicode.Scalar(first))), 1)
        default:
            let length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1
            guard pending.count >= length else { return nil }
            let text = String(decoding: pending.prefix(length), as: UTF8.self)
            guard let character = text.first, character != "\u{fffd}" else { return (nil, 1) }
            return (.character(character), length)
        }
    }

    private func escape() -> (Key?, Int)? {
        guard pending.count > 1 else { return nil }
        switch pending[1] {
        case UInt8(ascii: "["):
            guard let end = pending.dropFirst(2).firstIndex(where: { (0x40...0x7e).contains($0) }) else { return nil }
            return (Self.sequence(pending[2..<end], pending[end]), end + 1)
        case UInt8(ascii: "O"):
            guard pending.count > 2 else { return nil }
            return (Self.sequence([], pending[2]), 3)
        // Escape, and then a key of its own.
        default: return (.escape, 1)
        }
    }

    private static func sequence(_ parameters: ArraySlice<UInt8>, _ last: UInt8) -> Key? {
        switch last {
        case UInt8(ascii: "A"): .up
        case UInt8(ascii: "B"): .down
        case UInt8(ascii: "C"): .right
        case UInt8(ascii: "D"): .left
        case UInt8(ascii: "H"): .home
        case UInt8(ascii: "F"): .end
        case UInt8(ascii: "Z"): .backTab
        case UInt8(ascii: "M"): .enter
        case UInt8(ascii: "~"):
            switch String(decoding: parameters.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self) {
            case "1", "7": .home
            case "4", "8": .end
            case "5": .pageUp
            case "6": .pageDown
            default: nil
            }
        default: nil
        }
    }
}
