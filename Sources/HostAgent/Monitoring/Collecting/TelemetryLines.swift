public import Telemetry

/// Cuts what one machine sends into lines. However much that is and whatever it is, no more than one line is held.
public struct TelemetryLines: Sendable {
    private let limit: Int
    private var line: [UInt8] = []
    /// The rest of a line that is thrown away, up to its end.
    private var isSkipping = false
    /// Bytes thrown away unread so far.
    public private(set) var flooded = 0

    /// Lines of at most `limit` bytes.
    public init(limit: Int = TelemetryLimits.line) {
        self.limit = limit
    }

    /// The begin of a line whose end has not come yet.
    struct Unfinished: Equatable {
        var bytes: [UInt8]
        /// It is too long already: what comes of it is thrown away.
        var isSkipping: Bool
    }

    var unfinished: Unfinished { Unfinished(bytes: line, isSkipping: isSkipping) }

    /// Goes on with what another process has begun to read.
    init(from unfinished: Unfinished) {
        self.init()
        (line, isSkipping) = (unfinished.bytes, unfinished.isSkipping)
    }

    /// Hands each line that ends in `bytes` to `each`, without its end; empty ones are passed over.
    public mutating func take(_ bytes: UnsafeRawBufferPointer, each: (UnsafeRawBufferPointer) -> Void) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            let piece = rest[..<(end ?? rest.endIndex)]
            if isSkipping || line.count + piece.count > limit {
                flooded += line.count + piece.count
                line.removeAll()
                isSkipping = end == nil
            } else if end == nil {
                line += piece
            } else if line.isEmpty {
                if !piece.isEmpty { each(UnsafeRawBufferPointer(rebasing: piece)) }
            } else {
                line += piece
                line.withUnsafeBytes(each)
                line.removeAll(keepingCapacity: line.count < 64 << 10)
            }
            guard let end else { return }
            rest = rest[rest.index(after: end)...]
        }
    }

    /// A new connection: what began on the last one does not go on.
    public mutating func restart() {
        line.removeAll()
        isSkipping = false
    }

    /// Throws `bytes` away unread, and with them the line that they belong to.
    public mutating func discard(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        flooded += line.count + bytes.count
        line.removeAll()
        isSkipping = bytes.last != UInt8(ascii: "\n")
    }
}
