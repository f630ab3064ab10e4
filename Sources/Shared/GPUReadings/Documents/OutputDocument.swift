/// One document of a stream, found and not yet read.
public struct OutputDocument: Equatable, Sendable {
    /// What it was recognised as.
    public var kind: OutputKind
    /// The line of the stream, from 1, at which it begins.
    public var line: Int
    /// Its lines, as they were printed but for byte-order marks, UTF-16 and a terminal's escape sequences.
    public var bytes: [UInt8]
    /// What was odd about where it stands: lines before it or in it that are no output, complaints about single GPUs.
    public var warnings: [ReadingWarning] = []
    /// Whether the end is missing that its kind should have.
    public var isCut = false
    /// What to add to a line number within ``bytes`` to have that of the stream.
    var lineOffset: Int
}

extension OutputDocument {
    /// The number of its last line in the stream.
    var lastLine: Int { line + bytes.count { $0 == 0x0a } - (bytes.last == 0x0a ? 1 : 0) }
}
