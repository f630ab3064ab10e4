/// Why a text could not be read. Nothing is read half: a text that is cut short gives what it has, one that is something
/// else gives this.
public struct ReadingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What the text should have been: "nvidia-smi's XML".
    public var expected: String
    /// The line, from 1, at which it became clear that it is not.
    public var line: Int
    /// What was seen there, cut to 200 bytes.
    public var seen: String
    /// What is wrong with it, without a full stop.
    public var problem: String

    init(_ expected: String, line: Int, seen: some StringProtocol, problem: String) {
        self.expected = expected
        self.line = line
        self.seen = seen.cut
        self.problem = problem
    }

    /// The error in one sentence.
    public var description: String {
        "This is not \(expected): \(problem) (line \(line)\(seen.isEmpty ? "" : ": \"\(seen)\""))."
    }
}
