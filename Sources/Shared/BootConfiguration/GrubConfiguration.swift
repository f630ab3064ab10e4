/// A grub.cfg, as far as it matters here: what it boots, and whether it boots anything by itself.
package struct GrubConfiguration {
    /// Entries of this system's kernels. Memory tests take no parameters, and other systems that os-prober found have
    /// their own.
    package private(set) var entries: [BootEntry] = []
    /// It reads /boot/loader/entries (`blscfg`).
    package private(set) var readsEntries = false
    /// `set NAME=value` at any depth: EL 8's fallback for what its environment block lacks.
    package private(set) var variables: [String: String] = [:]

    package init(_ text: String, source: String = "") {
        var foreign = false
        var own = false
        for line in text.lines {
            let words = line.words
            guard let first = words.first else { continue }
            if first == "###" && words.contains(where: { $0.hasSuffix("os-prober") }) {
                foreign = words.dropFirst().first == "BEGIN"
            }
            guard !foreign else { continue }
            switch first {
            case "linux", "linux16", "linuxefi":
                own = words.count > 1 && Self.isKernel(words[1])
                if own {
                    entries.append(
                        BootEntry(
                            source: source, kernel: Self.path(words[1]), initrds: [],
                            arguments: Array(words.dropFirst(2))))
                }
            case "initrd", "initrd16", "initrdefi":
                if own { entries[entries.count - 1].initrds += words.dropFirst().map { Self.path($0) } }
            case "blscfg":
                readsEntries = true
            case "set":
                let assignment = line.trimmed.dropFirst(3).trimmed
                guard let equals = assignment.firstIndex(of: "=") else { continue }
                let value = assignment[assignment.index(after: equals)...]
                variables[String(assignment[..<equals])] = value.filter { $0 != "\"" && $0 != "'" }
            default: break
            }
        }
    }

    /// Whether it boots this system's kernels, by itself or from entries beside it. Where not, it sends GRUB elsewhere
    /// (EL 9's and Debian's in the EFI system partition: `configfile`) and must never be overwritten.
    package var boots: Bool { readsEntries || !entries.isEmpty }

    private static func isKernel(_ word: String) -> Bool {
        let parts = word.split(separator: "/")
        guard let name = parts.last else { return false }
        // kernel-install puts it at /<token>/<release>/linux.
        return name.hasPrefix("vmlinuz") || name.hasPrefix("vmlinux") || (name == "linux" && parts.count > 2)
    }

    /// `($root)/boot/vmlinuz` → `/boot/vmlinuz`
    private static func path(_ word: String) -> String {
        word.hasPrefix("(")
            ? String(word[(word.firstIndex(of: ")").map { word.index(after: $0) } ?? word.startIndex)...]) : word
    }
}

/// GRUB's environment block: `name=value` lines, padded with `#` to 1024 bytes.
package struct GrubEnvironment {
    package private(set) var variables: [String: String] = [:]

    package init(_ text: String) {
        for line in text.lines where !line.hasPrefix("#") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            variables[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
    }
}
