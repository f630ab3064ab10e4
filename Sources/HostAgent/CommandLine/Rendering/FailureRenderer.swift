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
        return lines.joined(separator: "\n")
    }
}

/// Prose in lines of bounded width.
enum Wrapped {
    static func lines(_ text: String, indent: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = String(text.prefix { $0 == " " })
        for word in text.split(separator: " ") {
            if line.contains(where: { $0 != " " }), line.count + 1 + word.count > width {
                lines.append(line)
                line = indent + word
            } else {
                line += (line.isEmpty || line.hasSuffix(" ") ? "" : " ") + word
            }
        }
        return lines + [line]
    }
}
