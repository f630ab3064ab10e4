public import Contract

/// What was found in one or several logs. Its JSON is described in Documentation/schemas/explanation.md.
public struct Explanation: Codable, Equatable, Sendable {
    /// The version of this shape.
    public static let currentSchema = 1

    public var schema = currentSchema
    /// Whether a failure was found that the catalogue knows. Warnings, and what is no error, do not count.
    public var known: Bool
    /// Most telling first: failures, then warnings, then what only looks like an error.
    public var findings: [Finding]
    public var logs: [Log]

    /// One entry that matched.
    public struct Finding: Codable, Equatable, Sendable {
        public var name: String
        public var code: FailureCode
        /// The entry's, or `warning` where the log says further down that all went well in the end.
        public var kind: CatalogueEntry.Kind
        public var side: Failure.Side
        public var message: String
        public var remedy: String
        public var retryable: Bool
        /// The lines, of the first places at most.
        public var evidence: [Evidence]
        /// In how many places it stands, in all logs.
        public var count: Int
        /// What the text names: "module", "device", "version" …
        public var details: [String: String]
        /// The log in which it was found first.
        public var source: String

        /// The entry.
        public var entry: CatalogueEntry? { FailureCatalogue.entry(name) }
    }

    /// A line of a log.
    public struct Evidence: Codable, Equatable, Sendable {
        public var log: String
        /// Counted from 1.
        public var line: Int
        /// Cleaned and bounded.
        public var text: String
    }

    /// One log that was read.
    public struct Log: Codable, Equatable, Sendable {
        public var name: String
        public var kind: LogKind
        public var lines: Int
        /// The last lines that say something, cleaned and bounded.
        public var lastLines: [String]
    }

    /// The failure to tell first; nil where none is known.
    public var first: Finding? { findings.first { $0.kind == .failure } }
}
