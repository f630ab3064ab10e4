/// What nvidia-smi said where it said nothing but why it could not do its work.
public struct SMIFailureReading: Equatable, Sendable, Encodable {
    /// The failures, in order.
    public var failures: [SMIFailure]

    static let expected = "an error of nvidia-smi's"

    /// Reads what was printed, on standard output or standard error.
    ///
    /// - Parameter text: what was printed; lines of other kinds are ignored.
    /// - Throws: ``ReadingError`` where no line tells a failure that is known.
    public init(parsing text: String) throws(ReadingError) {
        self = try Self.read(ByteText(text))
    }

    static func read(_ text: ByteText) throws(ReadingError) -> SMIFailureReading {
        let failures = SMIFailure.all(in: text).map(\.failure)
        guard !failures.isEmpty else {
            throw ReadingError(expected, text, problem: "no line tells a failure that is known")
        }
        return SMIFailureReading(failures)
    }

    private init(_ failures: [SMIFailure]) { self.failures = failures }
}
