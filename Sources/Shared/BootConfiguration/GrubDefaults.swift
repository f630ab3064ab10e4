/// /etc/default/grub as a text that is edited with the least change.
package enum GrubDefaults {
    package static let path = "/etc/default/grub"
    private static let variable = "GRUB_CMDLINE_LINUX"
    /// Its words come after ours on the kernel's command line of a normal entry.
    private static let later = "GRUB_CMDLINE_LINUX_DEFAULT"

    /// `text` with each of `parameters` in GRUB_CMDLINE_LINUX, once. Comments, order and quotes stay as they are; a text
    /// that has them all comes back unchanged. A value that contradicts one of them is replaced, there and in
    /// GRUB_CMDLINE_LINUX_DEFAULT.
    ///
    /// The file is a shell script. What this function does not understand as one assignment on one line it leaves alone,
    /// and appends a line that the shell evaluates to the old value and the new parameters.
    package static func adding(_ parameters: [String], to text: String) -> String {
        let text = editing(later, in: text) { KernelParameters.correcting(parameters, in: $0) }
        let script = ShellAssignments(text)
        let assignments = script.all.filter { $0.name == variable }
        guard let last = assignments.last else {
            return appending("\(variable)=\"\(parameters.joined(separator: " "))\"", to: text)
        }
        // What the shell makes of it: from the last assignment that sets it anew on.
        let start = assignments.lastIndex { !$0.appends && !$0.conditional && !refersToItself($0) } ?? 0
        let words = assignments[start...].filter { !$0.conditional }.flatMap { $0.parts?.value.words ?? [] }
        let missing = KernelParameters.missing(parameters, in: words)
        guard !missing.isEmpty else { return text }
        guard !last.conditional, let (head, value, tail) = last.parts else {
            return appending("\(variable)=\"$\(variable) \(missing.joined(separator: " "))\"", to: text)
        }
        var lines = script.lines
        // `+=` needs its own space before the first word.
        let old = last.appends || !value.trimmed.isEmpty ? value : ""
        var new = KernelParameters.adding(missing, to: old)
        if last.appends, new.first?.isWhitespace == false, old.trimmed.isEmpty { new = " " + new }
        lines[last.line] = head + new + tail
        return lines.joined(separator: "\n")
    }

    /// `text` without `parameters` in GRUB_CMDLINE_LINUX: the inverse of ``adding(_:to:)`` as far as it can be known. A line
    /// that only repeats the variable is one that ``adding(_:to:)`` appended, and goes.
    package static func removing(_ parameters: [String], from text: String) -> String {
        let edited = editing(variable, in: text) { KernelParameters.removing(parameters, from: $0) }
        guard edited != text else { return text }
        return edited.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { $0 != "\(variable)=\"$\(variable)\"" }.joined(separator: "\n")
    }

    /// Whether `GRUB_ENABLE_BLSCFG=true` (EL 8 and later, Fedora): grub2-mkconfig then writes no entries.
    package static func enablesBLS(_ text: String) -> Bool {
        ShellAssignments(text).all.last { $0.name == "GRUB_ENABLE_BLSCFG" }?.parts?.value == "true"
    }

    /// Whether a fragment of /etc/default/grub.d sets GRUB_CMDLINE_LINUX anew, so that what stands in the file before it is
    /// lost.
    package static func setsAnew(_ text: String) -> Bool {
        ShellAssignments(text).all.contains { $0.name == variable && !$0.appends && !refersToItself($0) }
    }

    private static func refersToItself(_ assignment: ShellAssignments.Assignment) -> Bool {
        guard let value = assignment.parts?.value else { return true }
        return value.contains("$\(variable)") || value.contains("${\(variable)}")
    }

    private static func editing(_ name: String, in text: String, _ edit: (String) -> String) -> String {
        let script = ShellAssignments(text)
        var lines = script.lines
        for assignment in script.all where assignment.name == name {
            guard let (head, value, tail) = assignment.parts else { continue }
            let new = edit(value)
            if new != value { lines[assignment.line] = head + new + tail }
        }
        return lines.joined(separator: "\n")
    }

    private static func appending(_ line: String, to text: String) -> String {
        text + (text.isEmpty || text.hasSuffix("\n") ? "" : "\n") + line + "\n"
    }
}
