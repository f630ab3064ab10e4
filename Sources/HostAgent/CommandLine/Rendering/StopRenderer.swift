import Machines

/// How a stop went, for people.
struct StopRenderer {
    private let outcome: Stopping.Outcome

    init(_ outcome: Stopping.Outcome) {
        self.outcome = outcome
    }

    var text: String {
        let took = " (\(SafeText.whole(outcome.seconds)) s)"
        let words =
            switch outcome.measure {
            case .wasNotRunning: "was not running"
            case .shutDown: "has shut down\(took)"
            case .quit: "was switched off by QEMU's quit\(took)"
            case .terminated: "was switched off by SIGTERM\(took)"
            case .killed: "was killed by SIGKILL\(took)"
            }
        var lines = ["\(outcome.name) \(words)."]
        if !outcome.measure.isClean {
            lines.append("  Its disk may lack what the guest had not written yet.")
        }
        lines += outcome.notes.map { "  \($0)" }
        if outcome.removed { lines.append("  It is forgotten; its image stays.") }
        return SafeText.lines(lines.flatMap { Wrapped.lines($0, indent: "    ", width: 80) })
    }
}
