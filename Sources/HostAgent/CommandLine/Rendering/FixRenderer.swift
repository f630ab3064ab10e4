import Contract
import Passthrough

/// What `doctor --fix` changes, for people: each file's difference, then the programs.
struct FixRenderer {
    static let reboot = "Done. It counts from the next boot on: reboot, then run `provision-gpu-vm doctor` again."
    private let plan: HostFix

    init(_ plan: HostFix) {
        self.plan = plan
    }

    func text(dryRun: Bool) -> String {
        var lines: [String] = []
        for file in plan.files {
            lines += DoctorRenderer.hanging("# ", file.reason)
            if file.mode & 0o111 != 0, file.old == nil { lines.append("# mode \(String(file.mode, radix: 8))") }
            // As it is, for patch(1).
            lines += UnifiedDiff.lines(path: file.path, old: file.old, new: file.new) + [""]
        }
        if !plan.commands.isEmpty {
            lines.append("then run, as root:")
            lines += plan.commands.map { "  " + $0.arguments.map(Self.quoted).joined(separator: " ") } + [""]
        }
        for note in plan.notes { lines += DoctorRenderer.hanging("note: ", note) }
        if plan.isEmpty {
            lines += DoctorRenderer.hanging(
                "",
                plan.needsReboot
                    ? "Nothing to do: all is configured, and counts from the next boot on. Reboot."
                    : "Nothing to do: all is configured.")
        } else if dryRun {
            lines.append("Nothing was changed. It would count from the next boot on.")
        }
        return SafeText.lines(lines)
    }

    private static func quoted(_ word: String) -> String { word.contains(" ") ? "'\(word)'" : word }
}
