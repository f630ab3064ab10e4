/// What went wrong, as a value: the same shape whichever side saw it, on the terminal, in the journal and in the report.
public struct Failure: Error, Codable, Equatable, Sendable {
    /// Where the failure was seen.
    public enum Side: String, Codable, Sendable {
        case host, guest
    }

    /// What kind of failure, stable across versions; decides the exit status.
    public var code: FailureCode
    /// What was being done, in the infinitive: "install the NVIDIA driver".
    public var operation: String
    /// What happened, one sentence.
    public var message: String
    /// What was seen: log lines, file contents, command output. Bounded, oldest first.
    public var evidence: [String]
    /// What to do about it.
    public var remedy: String
    /// Whether the same command may succeed when run again with nothing changed.
    public var retryable: Bool
    /// Which machine it happened on.
    public var side: Side
    /// Failures of the cleaning up that followed. They are attached here and never replace the first error.
    public var cleanup: [String]

    /// Makes a failure.
    public init(
        _ code: FailureCode, operation: String, message: String, evidence: [String] = [], remedy: String,
        retryable: Bool = false, side: Side, cleanup: [String] = []
    ) {
        self.code = code
        self.operation = operation
        self.message = message
        self.evidence = evidence
        self.remedy = remedy
        self.retryable = retryable
        self.side = side
        self.cleanup = cleanup
    }
}

/// Several failures found together, above all the mistakes in the input, which are collected and not told one by one.
public struct Failures: Error, Equatable, Sendable {
    /// At least one failure, in the order in which they were found.
    public var all: [Failure]

    /// Wraps `all`, which must not be empty.
    public init(_ all: [Failure]) {
        self.all = all
    }

    /// What `error` tells, whichever of the two kinds it is. Anything else is a defect of ours on this `side`: `internal`,
    /// with the given `operation` and `remedy`.
    public static func list(
        of error: any Error, operation: String, remedy: String, side: Failure.Side
    ) -> [Failure] {
        switch error {
        case let failure as Failure: [failure]
        case let several as Failures: several.all
        default: [Failure(.internal, operation: operation, message: "\(error)", remedy: remedy, side: side)]
        }
    }
}
