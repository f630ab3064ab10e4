import Contract
import Passthrough

/// Doctor's findings for people, at 80 columns: what blocks first, what is in order last.
struct DoctorRenderer {
    private static let width = 80
    private let report: DoctorReport

    init(_ report: DoctorReport) {
        self.report = report
    }

    var text: String {
        var lines = heading
        for verdict in Finding.Verdict.allCases {
            let findings = report.findings.filter { $0.verdict == verdict }
            guard !findings.isEmpty else { continue }
            lines += ["", title(verdict)]
            for finding in findings { lines += verdict == .ok ? brief(finding) : whole(finding) }
        }
        lines += [""] + Wrapped.lines(ending, indent: "", width: Self.width)
        return SafeText.lines(lines)
    }

    private var heading: [String] {
        let host = [report.distribution, report.kernel.map { "Linux \($0)" }].compactMap { $0 }.joined(separator: ", ")
        let gpus = report.gpus.isEmpty ? "none" : report.gpus.map { "\($0)" }.joined(separator: ", ")
        return Self.hanging("host    ", host.isEmpty ? "not known" : host)
            + Self.hanging("GPU     ", gpus) + ["memory  \(Unit.bytes(report.memory)) for the guest"]
    }

    private func title(_ verdict: Finding.Verdict) -> String {
        switch verdict {
        case .blocks: "BLOCKS: a VM with the GPU will not run"
        case .warning: "WARNING: it may go wrong, or slowly"
        case .unknown: "NOT KNOWN: what was looked at does not tell"
        case .ok: "ok"
        }
    }

    private var ending: String {
        func count(_ verdict: Finding.Verdict) -> Int { report.findings.count { $0.verdict == verdict } }
        let counts = "\(count(.blocks)) blocking, \(count(.warning)) warnings, \(count(.unknown)) not known,"
            + " \(count(.ok)) ok."
        if report.blocked { return counts }
        return count(.unknown) == 0
            ? counts + " Nothing keeps a VM with the GPU from running."
            : counts + " Nothing that was seen keeps a VM with the GPU from running."
    }

    private func name(_ finding: Finding) -> String {
        finding.device.map { "\(finding.id) \($0)" } ?? finding.id
    }

    private func brief(_ finding: Finding) -> [String] {
        Self.hanging("  ", finding.message + (finding.device.map { " (\($0))" } ?? ""))
            + (finding.remedy.map { Self.hanging("      optional: ", $0) } ?? [])
    }

    private func whole(_ finding: Finding) -> [String] {
        var lines = Self.hanging("  ", finding.message) + Self.hanging("      ", "[\(name(finding))]")
        for line in finding.seen { lines += Self.hanging("      seen: ", line) }
        if finding.seen.isEmpty || finding.verdict == .unknown {
            lines += Self.hanging("      looked at: ", finding.lookedAt.joined(separator: ", "))
        }
        if let remedy = finding.remedy { lines += Self.hanging("      what to do: ", remedy) }
        return lines
    }

    /// `text` in lines beside `label`.
    static func hanging(_ label: String, _ text: String) -> [String] {
        let indent = String(repeating: " ", count: label.count)
        return Wrapped.lines(text, indent: "", width: width - label.count).enumerated().map { index, line in
            (index == 0 ? label : indent) + line
        }
    }
}
