import Contract
import Provisioner

/// A dry run for people, at 80 columns: the host's part, then the guest's step by step.
struct DryRunRenderer {
    private static let width = 80
    /// Lines of one file that are shown.
    private static let contentLimit = 60
    private let simulated: Bool
    /// What is told before the steps.
    private let heading: [String]
    private let steps: [DryRun.Step]
    private let warnings: [String]
    private let failure: Failure?

    init(_ report: DryRunReport) {
        var lines = ["", "On this host"]
        lines += Self.row("image", report.image + (report.image == report.result ? ", written into" : ", only read"))
        if report.image != report.result {
            lines += Self.row("result", report.result)
            lines += Self.row("", report.backing.map { "backed by \($0)" } ?? "stands by itself")
        }
        lines += Self.row("accel", "\(report.accelerator) (\(report.acceleratorReason))")
        for drive in report.drives {
            lines += Self.row(
                drive.role.rawValue, "\(drive.path), \(Unit.bytes(drive.size)), serial \(drive.serial)")
        }
        lines += ["  QEMU"] + Self.command(report.command)
        lines += ["", report.undo ? "In the guest, to take driver and toolkits out" : "In the guest"]
        simulated = report.simulated
        heading = lines
        steps = report.steps
        warnings = report.warnings
        failure = report.firstFailure
    }

    init(_ report: AttachDryRunReport) {
        var lines = ["", "To \(report.machine)"]
        lines += Self.row("machine", "\(report.name): \(report.words)")
        lines += Self.row("host key", report.hostKey)
        for file in report.files {
            let present = file.bytesPresent > 0 ? ", \(Unit.bytes(file.bytesPresent)) are there" : ""
            lines += Self.row(file.role.rawValue, "\(file.path), \(Unit.bytes(file.size))\(present)")
            lines += Self.row("", "to \(file.target), until the run has ended")
        }
        lines += ["", "On the machine"]
        simulated = report.simulated
        heading = lines
        steps = report.steps
        warnings = report.warnings
        failure = report.firstFailure
    }

    var text: String {
        var lines: [String] = []
        if simulated {
            lines += Wrapped.lines(
                "SIMULATED GPU: QEMU's edu device stood in for the card; nothing here is about a real GPU.",
                indent: "", width: Self.width)
        }
        lines += ["Dry run: nothing was changed, and nothing is left behind."] + heading
        for step in steps { lines += self.step(step) }
        if !warnings.isEmpty { lines.append("") }
        for warning in warnings { lines += Self.row("warning", warning) }
        lines += ["", ending]
        return SafeText.lines(lines)
    }

    private var ending: String {
        if let failure { return "It would fail: \(failure.code), see above." }
        let count = steps.count { $0.verdict == .needed || $0.verdict == .unknown }
        return count == 0 ? "Nothing would be done." : "\(count) of \(steps.count) steps would do something."
    }

    /// QEMU's options, one a line with its value, to be pasted into a shell.
    private static func command(_ words: [String]) -> [String] {
        var groups: [String] = []
        for word in words {
            let quoted = quoted(word)
            if word.hasPrefix("-") || groups.isEmpty {
                groups.append(quoted)
            } else {
                groups[groups.count - 1] += " " + quoted
            }
        }
        return groups.enumerated().map { index, group in
            "    " + (index == 0 ? "" : "  ") + group + (index + 1 < groups.count ? " \\" : "")
        }
    }

    private static func quoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_=,.:/+@%".contains($0)) }
        return plain && !word.isEmpty
            ? word
            : "'"
                + word.split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: "'\\''") + "'"
    }

    private static func row(_ label: String, _ text: String) -> [String] {
        let column = "  " + label + String(repeating: " ", count: max(1, 11 - label.count))
        return hanging(column, text)
    }

    /// `text` in lines beside `label`.
    private static func hanging(_ label: String, _ text: String) -> [String] {
        let indent = String(repeating: " ", count: label.count)
        return Wrapped.lines(text, indent: "", width: width - label.count).enumerated().map { index, line in
            (index == 0 ? label : indent) + line
        }
    }

    private func step(_ step: DryRun.Step) -> [String] {
        let verdict =
            switch step.verdict {
            case .satisfied: "is so"
            case .needed: "needed"
            case .blocked: "BLOCKED"
            case .unknown: "depends"
            }
        let label = "  \(verdict)\(String(repeating: " ", count: max(1, 9 - verdict.count)))"
        var lines = Self.hanging(label, "\(step.id): \(step.title)")
        for reason in step.reasons { lines += Self.hanging("           ", reason) }
        if let failure = step.failure {
            lines += Self.hanging("           ", "\(failure.message) (\(failure.code))")
            for line in failure.evidence.prefix(20) { lines += Self.cut("           | ", line) }
            lines += Self.hanging("           what to do: ", failure.remedy)
        }
        for action in step.actions { lines += self.action(action) }
        return lines
    }

    private func action(_ action: DryRun.Action) -> [String] {
        switch action {
        case .run(let command): return Self.hanging("           $ ", command)
        case .write(let path, let text):
            let content = text.split(separator: "\n", omittingEmptySubsequences: false)
            let shown = text.hasSuffix("\n") ? content.dropLast() : content[...]
            var lines = Self.hanging("           write ", path)
            for line in shown.prefix(Self.contentLimit) { lines += Self.cut("             | ", String(line)) }
            if shown.count > Self.contentLimit {
                lines.append("             … \(shown.count - Self.contentLimit) more lines; --format json has them")
            }
            return lines
        case .remove(let path): return Self.hanging("           remove ", path)
        case .reboot(let reason): return Self.hanging("           reboot: ", reason)
        case .note(let text): return Self.hanging("           - ", text)
        }
    }

    /// A file's line as it is, cut where the screen ends: its blanks matter.
    private static func cut(_ label: String, _ line: String) -> [String] {
        var rest = Printable.line(line, limit: 2000)[...]
        var lines: [String] = []
        repeat {
            lines.append((lines.isEmpty ? label : label.dropLast(2) + "  ") + rest.prefix(width - label.count))
            rest = rest.dropFirst(width - label.count)
        } while !rest.isEmpty
        return lines
    }
}
