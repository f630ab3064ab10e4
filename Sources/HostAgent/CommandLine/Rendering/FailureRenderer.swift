import Contract

/// A failure for people: what failed, what was seen, what to do.
struct FailureRenderer {
    private let failure: Failure

    init(_ failure: Failure) {
        self.failure = failure
    }

    var text: String {
        let width = min(Terminal.width, 100)
        var lines = Wrapped.lines("error: \(failure.message)", indent: "       ", width: width)
        lines += Wrapped.lines(
            "  while trying to \(failure.operation) (\(failure.side.rawValue), \(failure.code))", indent: "  ",
            width: width)
        for line in failure.evidence.suffix(20) { lines.append("  | \(line.prefix(width * 2))") }
        lines += Wrapped.lines("  what to do: \(failure.remedy)", indent: "              ", width: width)
        for line in failure.cleanup {
            lines += Wrapped.lines("  while cleaning up: \(line)", indent: "    ", width: width)
        }
        return SafeText.lines(lines)
    }
}
