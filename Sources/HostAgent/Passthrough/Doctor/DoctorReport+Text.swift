extension DoctorReport {
    /// The findings for people, in lines of 80 columns: what blocks first, what is in order last.
    public var text: String {
        var lines = heading
        for verdict in Finding.Verdict.allCases {
            let findings = findings.filter { $0.verdict == verdict }
            guard !findings.isEmpty else { continue }
            lines += ["", verdict.title]
            lines += findings.flatMap { verdict == .ok ? $0.briefly : $0.wholly }
        }
        return (lines + [""] + Hanging.lines("", ending)).joined(separator: "\n")
    }

    private var heading: [String] {
        let host = [distribution, kernel.map { "Linux \($0)" }].compactMap { $0 }.joined(separator: ", ")
        let cards = gpus.isEmpty ? "none" : gpus.map { "\($0)" }.joined(separator: ", ")
        return Hanging.lines("host    ", host.isEmpty ? "not known" : host)
            + Hanging.lines("GPU     ", cards) + ["memory  \(gibibytes(memory)) for the guest"]
    }

    private var ending: String {
        func count(_ verdict: Finding.Verdict) -> Int { findings.count { $0.verdict == verdict } }
        let warnings = count(.warning)
        let counts =
            "\(count(.blocks)) blocking, \(warnings) \(warnings == 1 ? "warning" : "warnings"),"
            + " \(count(.unknown)) not known, \(count(.ok)) ok."
        if blocked { return counts }
        return counts
            + (count(.unknown) == 0
                ? " Nothing keeps a VM with the GPU from running."
                : " Nothing that was seen keeps a VM with the GPU from running.")
    }
}

extension Finding.Verdict {
    fileprivate var title: String {
        switch self {
        case .blocks: "BLOCKS: a VM with the GPU will not run"
        case .warning: "WARNING: it may go wrong, or slowly"
        case .unknown: "NOT KNOWN: what was looked at does not tell"
        case .ok: "ok"
        }
    }
}

extension Finding {
    fileprivate var briefly: [String] {
        Hanging.lines("  ", message + (device.map { " (\($0))" } ?? ""))
            + (remedy.map { Hanging.lines("      optional: ", $0) } ?? [])
    }

    fileprivate var wholly: [String] {
        let name = device.map { "\(id) \($0)" } ?? id
        var lines = Hanging.lines("  ", message) + ["      [\(name)]"]
        for line in seen { lines += Hanging.lines("      seen: ", line) }
        if seen.isEmpty || verdict == .unknown {
            lines += Hanging.lines("      looked at ", lookedAt.joined(separator: ", "))
        }
        if let remedy { lines += Hanging.lines("      what to do: ", remedy) }
        return lines
    }
}
