extension GrubDefaults {
    /// `text` without `parameters` in GRUB_CMDLINE_LINUX, and without the line that ``adding(_:to:)`` appends to a text it
    /// does not understand. All else stays as it is.
    public static func removing(_ parameters: [String], from text: String) -> String {
        let variable = "GRUB_CMDLINE_LINUX"
        let joined = parameters.joined(separator: " ")
        let ours = ["\(variable)=\"\(joined)\"", "\(variable)=\"$\(variable) \(joined)\""]
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        return lines.filter { !ours.contains($0.trimmed) }.map { line in
            guard line.drop(while: \.isWhitespace).hasPrefix(variable + "=") else { return line }
            var line = line
            for parameter in parameters {
                // With one of the spaces around it, and only as a whole word.
                for (found, instead) in [
                    (" \(parameter) ", " "), (" \(parameter)\"", "\""), (" \(parameter)'", "'"),
                    ("\"\(parameter) ", "\""), ("'\(parameter) ", "'"), ("\"\(parameter)\"", "\"\""),
                ] {
                    line = line.replacing(found, with: instead)
                }
            }
            return line
        }.joined(separator: "\n")
    }
}

extension BootLoader {
    /// What makes the generated configuration anew; nil where GRUB does not boot this guest.
    public var regeneration: Command? {
        guard let configuration else { return nil }
        return Command(
            guest.root.exists("/usr/sbin/update-grub")
                ? ["update-grub"]
                : [configuration.contains("grub2") ? "grub2-mkconfig" : "grub-mkconfig", "-o", configuration],
            deadline: .seconds(600), mergesErrors: true)
    }
}
