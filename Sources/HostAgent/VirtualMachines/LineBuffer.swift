/// Cuts a stream of bytes into lines, whatever the pieces they come in.
struct LineBuffer {
    /// Longer lines are cut into pieces of this many bytes, so that a writer without newlines cannot fill the memory.
    let limit: Int
    /// What came after the last newline.
    private(set) var rest: [UInt8] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes bytes in; answers the lines they complete, without their newlines.
    mutating func append(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || rest.count >= limit {
                lines.append(rest)
                rest.removeAll(keepingCapacity: true)
                if byte == UInt8(ascii: "\n") { continue }
            }
            rest.append(byte)
        }
        return lines
    }
}
