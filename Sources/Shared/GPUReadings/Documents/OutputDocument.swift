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

/// What a reading has to say against its text, without being wrong.
public struct ReadingWarning: Equatable, Sendable, Encodable {
    /// The line of the stream, from 1.
    public var line: Int
    /// The field that it is about, by the names of the reading; nil where it is about lines.
    public var field: String?
    /// What is wrong, without a full stop.
    public var problem: String

    /// A warning.
    public init(line: Int, field: String? = nil, problem: String) {
        self.line = line
        self.field = field
        self.problem = problem
    }
}
