/// /etc/kernel/cmdline: one line, which kernel-install and makers of unified kernel images put on the next kernel's command
/// line.
package enum CommandLineFile {
    package static let path = "/etc/kernel/cmdline"

    /// `text` with its line changed by `edit`. Comments are passed over; a text without a line comes back as it is.
    package static func editing(_ text: String, _ edit: (String) -> String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        guard let last = lines.lastIndex(where: { !$0.trimmed.isEmpty && !$0.trimmed.hasPrefix("#") }) else {
            return text
        }
        lines[last] = edit(lines[last])
        return lines.joined(separator: "\n")
    }
}
