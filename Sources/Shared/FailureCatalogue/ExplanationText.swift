import Contract

extension Explanation {
    /// The explanation for people, in lines of at most `width` columns; evidence lines are cut, and all is fit for a terminal.
    public func lines(width: Int = 80) -> [String] {
        var lines: [String] = []
        if !known {
            lines += Self.wrapped(
                findings.isEmpty
                    ? "unknown: nothing here is a failure that the catalogue knows."
                    : "unknown: no failure that the catalogue knows; what follows is harmless.", width: width)
        }
        for finding in findings {
            if !lines.isEmpty { lines.append("") }
            lines += self.lines(of: finding, width: width)
        }
        if !known {
            for log in logs {
                lines += [
                    "",
                    Printable.line("\(log.name): \(log.kind.title), \(log.lines) lines; it ends with", limit: width),
                ]
                lines += log.lastLines.map { Self.cut("  | \($0)", width) }
            }
        }
        return lines.map { Printable.line($0, limit: max(width, 200)) }
    }

    private func lines(of finding: Finding, width: Int) -> [String] {
        let title =
            switch finding.kind {
            case .failure: "failure"
            case .warning: "warning"
            case .notAnError: "no error"
            }
        var lines = Self.wrapped("\(title): \(finding.message)", indent: "  ", width: width)
        let facts =
            ["\(finding.name)", "code \(finding.code)", "\(finding.side.rawValue)"]
            + (finding.retryable ? ["may be tried again"] : [])
            + (finding.count > 1 ? ["\(finding.count) times"] : [])
        lines += Self.wrapped("  " + facts.joined(separator: ", "), indent: "  ", width: width)
        if !finding.details.isEmpty {
            let details = finding.details.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            lines += Self.wrapped("  " + details.joined(separator: ", "), indent: "  ", width: width)
        }
        for evidence in finding.evidence {
            let place = logs.count > 1 ? "\(evidence.log):\(evidence.line)" : "\(evidence.line)"
            lines.append(Self.cut("  \(place) | \(evidence.text)", width))
        }
        return lines + Self.wrapped("  what to do: \(finding.remedy)", indent: "    ", width: width)
    }

    private static func cut(_ line: String, _ width: Int) -> String {
        line.count > width ? line.prefix(width - 1) + "…" : line
    }

    private static func wrapped(_ text: String, indent: String = "", width: Int) -> [String] {
        var lines: [String] = []
        var line = String(text.prefix { $0 == " " })
        var isBlank = true
        for word in text.split(separator: " ") {
            if !isBlank, line.count + 1 + word.count > width {
                lines.append(line)
                line = indent + word
            } else {
                line += (isBlank ? "" : " ") + word
            }
            isBlank = false
        }
        return lines + [line]
    }
}
