public import Contract

/// One mistake in a manifest.
public struct ManifestProblem: Error, Equatable, Sendable {
    /// Where it is.
    public var mark: TextMark
    /// The field: "guests[2].memory"; empty for the text at large.
    public var path: String
    /// What is wrong, with what was seen.
    public var message: String
    /// What to do about it.
    public var remedy: String

    init(_ mark: TextMark, _ path: String, _ message: String, _ remedy: String) {
        self.mark = mark
        self.path = path
        self.message = Printable.line(message, limit: 400)
        self.remedy = remedy
    }

    /// The mistake as a failure; editors and terminals jump to "fleet.yaml:12:5".
    public func failure(file: String) -> Failure {
        Failure(
            .manifestInvalid, operation: "read the manifest", message: message,
            evidence: ["\(file):\(mark.line):\(mark.column)" + (path.isEmpty ? "" : ": \(path)")], remedy: remedy,
            side: .host)
    }
}

/// All mistakes of a manifest, in the order of the text.
public struct ManifestProblems: Error, Equatable, Sendable {
    public var all: [ManifestProblem]
    /// What could be read all the same, so that its files can be looked at, too.
    var readable: FleetManifest?

    init(_ all: [ManifestProblem], readable: FleetManifest? = nil) {
        self.all = all.sorted { ($0.mark.line, $0.mark.column) < ($1.mark.line, $1.mark.column) }
        self.readable = readable
    }

    /// As the failures of a command.
    public func failures(file: String) -> Failures { Failures(all.map { $0.failure(file: file) }) }
}
