/// A snapshot's series as text, piece by piece. A family's lines stand together behind its head; one without lines has none.
public struct PrometheusDocument {
    /// How long a piece is, in bytes, but for its last line: some go to the reader while the next are written.
    public static let piece = 96 << 10

    private let format: Exposition.Format
    private let families: [SeriesFamily]
    private var family = 0
    private var row = 0
    private var hasHead = false
    private var isEnded = false

    init(_ families: [SeriesFamily], _ format: Exposition.Format) {
        self.families = families
        self.format = format
    }

    /// Replaces `bytes` by the next piece; false, and empty, behind the last.
    public mutating func next(into bytes: inout [UInt8]) -> Bool {
        bytes.removeAll(keepingCapacity: true)
        bytes.reserveCapacity(Self.piece + 4096)
        while family < families.count {
            write(families[family], to: &bytes)
            if bytes.count >= Self.piece { return true }
            (family, row, hasHead) = (family + 1, 0, false)
        }
        if !isEnded, format == .openMetrics { bytes += "# EOF\n".utf8 }
        isEnded = true
        return !bytes.isEmpty
    }

    private mutating func write(_ family: SeriesFamily, to bytes: inout [UInt8]) {
        let name = Array(family.name.utf8)
        while row < family.rows, bytes.count < Self.piece {
            defer { row += 1 }
            guard let value = family.value(row) else { continue }
            if !hasHead { bytes += family.head(format).utf8 }
            hasHead = true
            bytes += name
            family.labels(row, &bytes)
            bytes.append(UInt8(ascii: " "))
            Exposition.write(value, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
    }
}
