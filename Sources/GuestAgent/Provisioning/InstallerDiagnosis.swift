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
        var evidence: [String] = []
        if let row {
            // A message may be wrapped: a line counts where it and the two behind it hold the text.
            for index in lines.indices {
                let window = Self.flatten(lines[index..<min(index + 3, lines.count)].joined(separator: " "))
                let line = Self.flatten(lines[index])
                if row.patterns.contains(where: { pattern in
                    let pattern = Self.flatten(pattern)
                    return line.contains(pattern)
                        || (window.contains(pattern) && window.hasPrefix(line) && !line.isEmpty
                            && Self.flatten(
                                lines[index..<min(index + 3, lines.count)].dropFirst().joined(separator: " ")
                            )
                            .contains(pattern) == false)
                }) {
                    evidence.append(String(lines[index].prefix(300)))
                }
                if evidence.count == 8 { break }
            }
        }
        let errors = Self.compilerErrors(lines)
        let last = lines.lastLines(6)
        evidence += (errors + last).filter { !evidence.contains($0) }
        self.evidence = evidence
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
