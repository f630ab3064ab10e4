import Contract
import FailureCatalogue
import Guest

/// What an installer's log says went wrong: the failure catalogue's most telling entry, and what follows from it here.
struct InstallerDiagnosis: Sendable {
    /// What to do about a row.
    enum Consequence: Equatable, Sendable {
        case fail
        /// The running state is in the way: reboot once, then fail.
        case reboot
    }

    /// A known failure.
    struct Row: Sendable {
        /// The catalogue's name for it.
        var name: String
        var code: FailureCode
        var message: String
        var remedy: String
        var retryable: Bool
        var consequence: Consequence

        init(_ finding: Explanation.Finding) {
            name = finding.name
            code = finding.code
            message = finding.message
            remedy = finding.remedy
            retryable = finding.retryable
            consequence = InstallerDiagnosis.inTheWay.contains(finding.name) ? .reboot : .fail
        }
    }

    /// The tables of the catalogue in which to look.
    typealias Rows = Set<FailureArea>

    /// For nvidia-installer's log, which holds the kernel's messages as well.
    static let driverRows: Rows = [.driverInstall, .runTime, .firmware]
    /// For the log of a CUDA installer, which may unpack and compile as the driver's does.
    static let cudaRows: Rows = [.cudaInstall, .driverInstall]
    /// For what driver and CUDA say when they run.
    static let runTimeRows: Rows = [.runTime, .firmware, .cudaInstall]

    /// What a reboot can cure: something that runs is in the way.
    private static let inTheWay: Set<String> = ["nouveau.in-use", "nouveau.in-initramfs", "driver.loaded"]

    /// The row that explains the log, nil for an unknown one.
    let row: Row?
    /// Lines that match it, and the log's last lines.
    let evidence: [String]

    /// Diagnoses `log` by `rows`.
    init(_ log: String, rows: Rows) {
        let first = FailureCatalogue.explain(log, areas: rows).first
        row = first.map(Row.init)
        var evidence = (first?.evidence ?? []).prefix(8).map { String($0.text.prefix(300)) }
        let lines = log.lines
        evidence += (Self.compilerErrors(lines) + lines.lastLines(6)).filter { !evidence.contains($0) }
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
}
