/// One document of a stream, found and not yet read.
public struct OutputDocument: Equatable, Sendable {
    /// What it was recognised as.
    public var kind: OutputKind
    /// The line of the stream, from 1, at which it begins.
    public var line: Int
    /// Its lines, as they were printed but for byte-order marks, UTF-16 and a terminal's escape sequences.
    public var bytes: [UInt8]
    /// What was odd about where it stands: lines before it that are no output, a missing end.
    public var warnings: [ReadingWarning] = []
    /// What to add to a line number within ``bytes`` to have that of the stream.
    var lineOffset: Int
}
