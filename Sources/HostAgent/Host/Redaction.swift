/// What must not get into a recording of a host. Pure.
public enum Redaction {
    /// Stands where something was taken out.
    public static let mark = "(removed)"

    /// Files that are never kept, whatever looked at them: environments and keys are secrets, serial numbers nobody's
    /// business.
    static func isSecret(_ path: String) -> Bool {
        let names = path.split(separator: "/")
        guard let name = names.last else { return false }
        let secretNames: Set<Substring> = [
            "environ", "auxv", "mem", "shadow", "gshadow", "machine-id", "product_serial", "product_uuid",
            "board_serial",
            "chassis_serial",
        ]
        return secretNames.contains(name) || names.contains(".ssh")
            || (name.hasPrefix("ssh_host_") && name.hasSuffix("_key"))
    }

    /// A file's bytes without secrets. Of a process's arguments only its name and what says which VM it is and which
    /// devices it holds stay: QEMU takes passwords and credentials as arguments.
    static func content(_ bytes: [UInt8], of path: String) -> [UInt8] {
        let names = path.split(separator: "/")
        if names.count == 3, names[0] == "proc", names[2] == "cmdline" { return processArguments(bytes) }
        guard let whole = String(validating: bytes, as: UTF8.self) else { return bytes }
        return Array(text(whole).utf8)
    }

    /// Text without the values of passwords and the like: `rd.luks.key=…`, `inst.rootpw=…`, `//user:password@host`.
    public static func text(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "=")) || text.utf8.contains(UInt8(ascii: "@")) else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line(String($0)) }
            .joined(separator: "\n")
    }

    /// One of these is in every name whose value is taken out.
    private static let tellingWords = [
        "passw", "passphrase", "rootpw", "secret", "credential", "token", "luks.key", ".psk", "apikey", "api_key",
        "://",
    ].map { Array($0.utf8) }

    /// Whether a line may hold a secret. By bytes: a kernel's configuration has ten thousand lines, and Regex takes a
    /// millisecond for each.
    private static func isTelling(_ line: String) -> Bool {
        let bytes = line.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
        guard bytes.contains(UInt8(ascii: "=")) || bytes.contains(UInt8(ascii: "@")) else { return false }
        return tellingWords.contains { word in
            bytes.indices.contains { bytes[$0] == word[0] && bytes[$0...].starts(with: word) }
        }
    }

    private static func line(_ line: String) -> String {
        guard isTelling(line) else { return line }
        let assigned =
            /(?i)([\w.\-]*(?:passw|passphrase|rootpw|secret|credential|token|luks\.key|\.psk|apikey|api_key)[\w.\-]*\s*=\s*)("[^"]*"|'[^']*'|[^\s"']+)/
        let inAddress = /(:\/\/[^\s\/:@]+:)[^\s\/@]+@/
        return
            line
            .replacing(assigned) { "\($0.output.1)\(mark)" }
            .replacing(inAddress) { "\($0.output.1)\(mark)@" }
    }

    private static func processArguments(_ bytes: [UInt8]) -> [UInt8] {
        let words = bytes.split(separator: 0, omittingEmptySubsequences: false)
        var kept: [[UInt8]] = []
        var option: [UInt8] = []
        for (index, word) in words.enumerated() {
            let isOption = word.first == UInt8(ascii: "-")
            let value = String(decoding: option, as: UTF8.self)
            let isDevice = value == "-device" && String(decoding: word, as: UTF8.self).contains("vfio-pci")
            let stays = index == 0 || word.isEmpty || value == "-name" || isDevice
            let shown = stays || (isOption && ["-name", "-device"].contains(String(decoding: word, as: UTF8.self)))
            // A program that writes its title there has put everything into the first argument.
            let title = index == 0 ? word.prefix { $0 != UInt8(ascii: " ") } : word
            kept.append(shown ? Array(title) : Array(mark.utf8))
            option = isOption ? Array(word) : []
        }
        return Array(kept.joined(separator: [0]))
    }
}
