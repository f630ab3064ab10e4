/// Why a file cannot be used as a .run file, known from its name, size and first bytes alone.
public enum RunfileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Something else than a self-extracting archive. The value says what was seen: "an HTML page".
    case notARunfile(seen: String)
    /// The file ends before its contents do. `expected` is the least size in bytes that its header promises.
    case truncated(expected: Int64, actual: Int64)
    /// The file goes on after its contents. Newer wrappers refuse that themselves.
    case overlong(expected: Int64, actual: Int64)
    /// A self-extracting archive whose header leaves out what is needed, or contradicts itself. The value says what.
    case unsupportedHeader(String)

    /// The error in one sentence.
    public var description: String {
        switch self {
        case .notARunfile(let seen):
            "This is no .run file but \(seen)."
        case .truncated(let expected, let actual):
            "The file is cut short: it has \(actual) bytes and its header promises at least \(expected)."
        case .overlong(let expected, let actual):
            "The file is too long: it has \(actual) bytes and its header promises \(expected)."
        case .unsupportedHeader(let problem):
            "The header of this .run file cannot be used: \(problem)."
        }
    }
}
