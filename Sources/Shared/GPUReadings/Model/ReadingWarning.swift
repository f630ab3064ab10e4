/// Something in a document that was not read as it should be, while the rest was.
public struct ReadingWarning: Equatable, Sendable, Encodable {
    /// From 1.
    public var line: Int
    /// The fact or the field; nil where it is about something else.
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

/// The warnings of one document: as many as somebody reads.
struct WarningList: Equatable, Sendable {
    private(set) var all: [ReadingWarning] = []
    static let most = 100

    mutating func add(_ line: @autoclosure () -> Int, _ problem: String) { add(line(), nil, problem) }

    mutating func add(_ line: @autoclosure () -> Int, _ field: String?, _ problem: String) {
        // Finding the line can take long, and a hostile document has as much to be warned of as it likes.
        if all.count < Self.most { all.append(ReadingWarning(line: line(), field: field, problem: problem)) }
    }
}
