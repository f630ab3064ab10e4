import Contract

extension HostFix {
    /// What is said when all is done.
    public static let done = "Done. It counts from the next boot on: reboot, then run `provision-gpu-vm doctor` again."

    /// What is changed, for people: each file's difference, then the programs, then what is left to the user.
    public func text(dryRun: Bool) -> String {
        var lines: [String] = []
        for file in files {
            lines += Hanging.lines("# ", file.reason)
            if file.old == nil, file.mode & 0o111 != 0 { lines.append("# mode \(String(file.mode, radix: 8))") }
            // Not wrapped, for patch(1).
            lines += UnifiedDiff.lines(path: file.path, old: file.old, new: file.new).map { Printable.line($0) } + [""]
        }
        if !commands.isEmpty {
            lines.append("Then, as root:")
            lines += commands.map { "  " + $0.line } + [""]
        }
        for note in notes { lines += Hanging.lines("note: ", note) }
        if isEmpty {
            lines.append(
                needsReboot
                    ? "Nothing to do: all is configured, and counts from the next boot on. Reboot."
                    : "Nothing to do: all is configured.")
        } else if dryRun {
            lines.append("Nothing was changed. It would count from the next boot on.")
        }
        return lines.joined(separator: "\n")
    }
}

extension HostFix.Command {
    /// As a shell takes it.
    var line: String {
        arguments.map { $0.contains(" ") ? "'\($0)'" : $0 }.joined(separator: " ")
    }
}
