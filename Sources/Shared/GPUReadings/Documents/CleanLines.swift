/// Bytes as they arrive, made whole lines of UTF-8: without a byte-order mark, from UTF-16, without a terminal's escapes.
struct CleanLines {
    /// The longest line; a document of XML without line ends is one.
    static let longestLine = 32 << 20

    private enum Encoding { case unknown, utf8, utf16(high: Int) }

    private var encoding = Encoding.unknown
    /// What no line end followed yet, as it arrived.
    private var pending: [UInt8] = []
    /// Up to where `pending` was searched for a line's end.
    private var searched = 0

    /// The lines that `bytes` completes.
    mutating func push(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        pending.append(contentsOf: bytes)
        guard let end = completeEnd() else { return [] }
        return take(end)
    }

    /// The last line, which has no end.
    mutating func finish() -> [UInt8] {
        if case .unknown = encoding { recognise(atEnd: true) }
        return take(pending.count)
    }

    /// Behind the last line end; nil where there is none yet.
    private mutating func completeEnd() -> Int? {
        if case .unknown = encoding { recognise(atEnd: false) }
        var index = pending.count
        switch encoding {
        case .unknown: return nil
        case .utf8:
            while index > searched {
                if pending[index - 1] == 0x0a { return index }
                // A carriage return ends a line only where it is known what follows.
                if pending[index - 1] == 0x0d, index < pending.count { return index }
                index -= 1
            }
            // The last byte may be a carriage return.
            searched = max(0, pending.count - 1)
        case .utf16(let high):
            index -= index % 2
            while index >= searched + 2 {
                if pending[index - 2 + high] == 0, pending[index - 1 - high] == 0x0a { return index }
                index -= 2
            }
            searched = pending.count - pending.count % 2
        }
        return pending.count > Self.longestLine ? pending.count : nil
    }

    private mutating func take(_ end: Int) -> [UInt8] {
        var whole: [UInt8] = []
        swap(&whole, &pending)
        if end < whole.count {
            pending = Array(whole[end...])
            whole.removeLast(whole.count - end)
        }
        searched = 0
        if case .utf16(let high) = encoding { return UTF16Text.decoded(whole, from: 0, high: high) }
        return Self.withoutMarks(TerminalText.cleaned(whole))
    }

    /// Without byte-order marks at the beginnings of lines, where files were put behind each other.
    private static func withoutMarks(_ bytes: [UInt8]) -> [UInt8] {
        // ASCII has none.
        guard bytes.reduce(0, |) >= 0x80 else { return bytes }
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == 0xef, kept.last.map({ $0 == 0x0a || $0 == 0x0d }) ?? true,
                bytes[index...].starts(with: [0xef, 0xbb, 0xbf])
            {
                index += 3
            } else {
                kept.append(bytes[index])
                index += 1
            }
        }
        return kept
    }

    private mutating func recognise(atEnd: Bool) {
        guard pending.count >= 4 || atEnd else { return }
        encoding = .utf8
        guard pending.count >= 2 else { return }
        switch (pending[0], pending[1]) {
        case (0xff, 0xfe): begin(high: 1, mark: 2)
        case (0xfe, 0xff): begin(high: 0, mark: 2)
        case (1..., 0) where pending.count >= 4 && pending[2] != 0 && pending[3] == 0: begin(high: 1, mark: 0)
        case (0, 1...) where pending.count >= 4 && pending[2] == 0 && pending[3] != 0: begin(high: 0, mark: 0)
        default: break
        }
    }

    private mutating func begin(high: Int, mark: Int) {
        encoding = .utf16(high: high)
        pending.removeFirst(mark)
    }
}
