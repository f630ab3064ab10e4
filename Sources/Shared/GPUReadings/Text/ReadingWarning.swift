/// Something in a document that was passed over: an unreadable field, a missing end, lines that belong to something else.
/// The rest of the document was read.
public struct ReadingWarning: Equatable, Sendable, Encodable {
    /// From 1.
    public var line: Int
    /// The field as it was printed; empty where the problem is of the document.
    public var field: String
    /// What is wrong, without a full stop.
    public var problem: String

    /// A warning about a line.
    public init(line: Int, field: String, problem: String) {
        self.line = line
        self.field = field
        self.problem = problem
    }
}

/// Every reader has `static func read(_ text: ByteText, warnings: inout [ReadingWarning]) throws(ReadingError) -> Self`.
extension [ReadingWarning] {
    /// More say nothing new, and a hostile document could have a million.
    static var most: Int { 200 }

    /// Adds a warning, unless there are too many.
    mutating func note(_ problem: String, line: Int, field: String = "") {
        if count < Self.most { append(ReadingWarning(line: line, field: field, problem: problem)) }
    }
}
