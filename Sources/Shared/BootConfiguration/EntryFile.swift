/// A file of /boot/loader/entries (the Boot Loader Specification's type 1), which GRUB's `blscfg` and systemd-boot read.
package struct EntryFile {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// The entry, with `variables` put in the place of `$name`; nil where it boots no Linux kernel.
    package func entry(source: String, variables: [String: String] = [:]) -> BootEntry? {
        guard let kernel = values("linux").first else { return nil }
        let arguments = values("options").flatMap(\.words).flatMap { word -> [String] in
            guard word.hasPrefix("$") else { return [word] }
            return (variables[word.dropFirst().filter { $0 != "{" && $0 != "}" }] ?? "").words
        }
        return BootEntry(
            source: source, kernel: kernel, initrds: values("initrd").flatMap(\.words).filter { !$0.hasPrefix("$") },
            arguments: arguments, version: values("version").first, title: values("title").first)
    }

    /// The text with `parameters` in its options: on the last such line, or on a new one.
    package func adding(_ parameters: [String]) -> String {
        let missing = KernelParameters.missing(parameters, in: values("options").flatMap(\.words))
        guard !missing.isEmpty else { return text }
        var lines = lines
        guard let last = lines.lastIndex(where: { key($0) == "options" }) else {
            return text + (text.isEmpty || text.hasSuffix("\n") ? "" : "\n")
                + "options \(parameters.joined(separator: " "))\n"
        }
        lines[last] = KernelParameters.adding(missing, to: lines[last])
        return lines.joined(separator: "\n")
    }

    /// The inverse.
    package func removing(_ parameters: [String]) -> String {
        lines.compactMap { line in
            guard key(line) == "options" else { return line }
            let new = KernelParameters.removing(parameters, from: line)
            return new.trimmed == "options" && line.trimmed != "options" ? nil : new
        }.joined(separator: "\n")
    }

    private var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) } }

    private func key(_ line: String) -> String? { line.words.first }

    private func values(_ name: String) -> [String] {
        lines.filter { key($0) == name }.map { $0.trimmed.dropFirst(name.count).trimmed }.filter { !$0.isEmpty }
    }
}
