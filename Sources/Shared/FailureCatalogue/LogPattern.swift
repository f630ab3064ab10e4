/// A text with gaps. `…` stands for anything (a number, an address, a path), `{name}` for the same, kept as a detail.
///
/// Case, kinds of quotes, runs of white space and line breaks do not count (``LogNormaliser``), nor do the time stamps and
/// tags at the beginning of lines. A piece that ends in a digit does not match in the middle of a number.
public struct LogPattern: ExpressibleByStringLiteral, Sendable {
    /// As written, for people.
    public let text: String
    /// What must stand in the log, in this order, normalised.
    let pieces: [[UInt8]]
    /// The names of the gaps between the pieces, "" for an unnamed one; a last one may follow the last piece.
    let gaps: [String]
    /// How many bytes a gap may span.
    let reach: Int

    /// A pattern whose gaps span at most `reach` bytes.
    public init(_ text: String, reach: Int = 160) {
        self.text = text
        self.reach = reach
        var pieces: [[UInt8]] = []
        var gaps: [String] = []
        var piece: [UInt8] = []
        var rest = text.unicodeScalars[...]
        func close(_ gap: String) {
            let normal = LogNormaliser.normal(piece)
            if !normal.isEmpty {
                pieces.append(normal)
                gaps.append(gap)
            }
            piece = []
        }
        while let scalar = rest.popFirst() {
            switch scalar {
            case "…": close("")
            case "{":
                let name = rest.prefix { $0 != "}" }
                rest = rest.dropFirst(name.count + 1)
                close(String(String.UnicodeScalarView(name)))
            default: piece += Array(String(scalar).utf8)
            }
        }
        close("")
        self.pieces = pieces
        self.gaps = gaps
    }

    public init(stringLiteral value: String) {
        self.init(value)
    }

    /// The contents of the named gaps in `text`, which holds this pattern: "{module}" → ["module": "nvidia-drm"].
    func details(in text: String) -> [String: String] {
        guard gaps.contains(where: { !$0.isEmpty }) else { return [:] }
        let bytes = Array(LogNormaliser.spaced(text))
        let folded = bytes.map(LogNormaliser.folded)
        var found: [String: String] = [:]
        var position = 0
        for (index, piece) in pieces.enumerated() {
            guard let start = folded.firstIndex(of: piece, from: position) else { return [:] }
            if index > 0, !gaps[index - 1].isEmpty {
                found[gaps[index - 1]] = Self.value(bytes[position..<start])
            }
            position = start + piece.count
        }
        if let last = gaps.last, !last.isEmpty {
            let word = bytes[position...].drop { $0 == 0x20 }.prefix { $0 != 0x20 }
            found[last] = Self.value(word)
        }
        return found.filter { !$0.value.isEmpty }
    }

    private static func value(_ bytes: ArraySlice<UInt8>) -> String {
        let noise = Set(" '\"`()[],;:.".utf8)
        var bytes = bytes.prefix(120)
        while let first = bytes.first, noise.contains(first) { bytes.removeFirst() }
        while let last = bytes.last, noise.contains(last) { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    fileprivate func firstIndex(of piece: [UInt8], from start: Int) -> Int? {
        guard !piece.isEmpty, count - start >= piece.count else { return nil }
        return (start...(count - piece.count)).first { self[$0..<($0 + piece.count)].elementsEqual(piece) }
    }
}
