/// The last bytes of a stream.
struct Tail {
    /// At most `limit` bytes, after the next look; up to twice as many in between.
    private var kept: [UInt8] = []
    private let limit: Int
    /// Whether anything was dropped.
    private(set) var lost = false

    init(limit: Int) {
        self.limit = max(0, limit)
    }

    /// The end of what came.
    var bytes: [UInt8] { Array(kept.suffix(limit)) }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        kept += bytes
        if kept.count > limit { lost = true }
        // Dropping from the front moves the rest; doing so once per `limit` bytes keeps it cheap.
        if kept.count >= 2 * limit { kept = Array(kept.suffix(limit)) }
    }

    /// The last non-empty lines of `bytes`, as evidence for failures.
    static func lines(of bytes: [UInt8], last count: Int) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(count).map {
            String($0.prefix(1000))
        }
    }
}
