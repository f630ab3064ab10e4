import Contract
import Guest

/// What an installer's log says went wrong. The rows are in the order of their power to explain: the first that matches
/// wins, since a log that ends in "Unable to load the kernel module" often has the reason further up.
struct InstallerDiagnosis: Sendable {
    /// What to do about a row.
    enum Consequence: Equatable, Sendable {
        case fail
        /// The running state is in the way: reboot once, then fail.
        case reboot
    }

    /// One known text.
    struct Row: Sendable {
        /// Any of these, matched without regard to case and to line breaks.
        var patterns: [String]
        var code: FailureCode
        var message: String
        var remedy: String
        var retryable = false
        var consequence = Consequence.fail
    }

    /// The row that explains the log, nil for an unknown one.
    let row: Row?
    /// Lines that match it, and the log's last lines.
    let evidence: [String]

    /// Diagnoses `log` by `rows`.
    init(_ log: String, rows: [Row]) {
        let lines = log.lines
        let flat = Self.flatten(log)
        row = rows.first { row in row.patterns.contains { flat.contains(Self.flatten($0)) } }
        var evidence = row.map { Self.lines(lines, saying: $0.patterns) } ?? []
        let errors = Self.compilerErrors(lines)
        let last = lines.lastLines(6)
        evidence += (errors + last).filter { !evidence.contains($0) }
        self.evidence = evidence
    }

    /// The lines that hold one of `patterns`, at most eight. A message may be wrapped: then it is the line where it begins
    /// and the one or two behind it.
    private static func lines(_ lines: [String], saying patterns: [String]) -> [String] {
        let patterns = patterns.map { flatten($0) }
        let flat = lines.map { flatten($0) }
        func says(_ range: ClosedRange<Int>) -> Bool {
            let text = flat[range].joined(separator: " ")
            return patterns.contains { text.contains($0) }
        }
        var found: [String] = []
        for start in lines.indices where found.count < 8 {
            for end in start..<min(start + 3, lines.count) where says(start...end) {
                // The shortest window counts, and only where the message does not begin further down.
                if end > start && says((start + 1)...end) { break }
                found += lines[start...end].map { String($0.prefix(300)) }
                break
            }
        }
        return found
    }

    /// The failure that this diagnosis is. `unknown` is the code of a log that no row explains.
    func failure(_ operation: String, unknown code: FailureCode, ending: CommandResult, log: String) -> Failure {
        if ending.ending == .timedOut {
            return .guest(
                .deadline, operation, "The installer did not end in time.", evidence: evidence,
                remedy: "Give the VM more CPUs, or look at \(log) in the guest.", retryable: true)
        }
        guard let row else {
            return .guest(
                code, operation, "The installer failed: \(ending.endingDescription).", evidence: evidence,
                remedy: "Read \(log) in the guest.")
        }
        return .guest(
            row.code, operation, row.message, evidence: evidence, remedy: row.remedy, retryable: row.retryable)
    }

    /// The compiler's own words: "foo.c:12:3: error: …".
    static func compilerErrors(_ lines: [String]) -> [String] {
        Array(
            lines.filter { $0.contains(": error: ") || $0.contains("fatal error:") || $0.hasPrefix("make: ***") }
                .prefix(8)
        )
        .map { String($0.prefix(300)) }
    }

    /// Lower case, white space as one space: logs are wrapped at 80 columns, in the middle of messages.
    private static func flatten(_ text: String) -> String {
        text.lowercased().words.joined(separator: " ")
    }
}
