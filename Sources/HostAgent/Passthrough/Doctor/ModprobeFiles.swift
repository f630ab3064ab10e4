import Host

/// What modprobe.d says (modprobe.d(5)), file by file.
struct ModprobeFiles: Sendable {
    /// One command of a file.
    struct Line: Equatable, Sendable {
        var path: String
        /// "options", "vfio-pci", "ids=10de:1c82".
        var words: [String]

        var text: String { "\(path): \(words.joined(separator: " "))" }
    }

    /// All commands, in modprobe's order.
    let lines: [Line]

    static let folders = [
        "/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d",
    ]

    init(_ tree: any HostTree) {
        // A file hides those of the same name in later folders; all are read in order of name.
        var files: [String: String] = [:]
        for folder in Self.folders {
            for name in tree.list(folder) where name.hasSuffix(".conf") && files[name] == nil {
                files[name] = "\(folder)/\(name)"
            }
        }
        lines = files.sorted { $0.key < $1.key }.flatMap { _, path in
            Self.commands(tree.text(path) ?? "").map { Line(path: path, words: $0) }
        }
    }

    /// Commands of one file: comments out, lines that end in a backslash joined.
    static func commands(_ text: String) -> [[String]] {
        var commands: [[String]] = []
        var pending = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasSuffix("\\") {
                pending += line.dropLast()
                continue
            }
            let words = (pending + line).split(whereSeparator: \.isWhitespace).map { String($0) }
            pending = ""
            if let first = words.first, !first.hasPrefix("#") { commands.append(words) }
        }
        return commands
    }

    /// A module's name as modprobe compares it.
    static func same(_ one: some StringProtocol, _ other: some StringProtocol) -> Bool {
        one.map { $0 == "-" ? "_" : $0 } == other.map { $0 == "-" ? "_" : $0 }
    }

    /// Values that `options MODULE key=value` gives, in order; the last one counts.
    func options(of module: String, _ key: String) -> [(value: String, line: Line)] {
        lines.filter { $0.words.count > 2 && $0.words[0] == "options" && Self.same($0.words[1], module) }.flatMap {
            line in
            line.words.dropFirst(2).filter { $0.hasPrefix(key + "=") }.map {
                (String($0.dropFirst(key.utf8.count + 1)), line)
            }
        }
    }

    /// Lines of `command` about `module`.
    func commands(_ command: String, _ module: String) -> [Line] {
        lines.filter { $0.words.count > 1 && $0.words[0] == command && Self.same($0.words[1], module) }
    }
}

/// The modules that are loaded at boot by name: modules-load.d(5), and Debian's /etc/modules.
struct BootModules: Sendable {
    /// Name, and the file that names it.
    let all: [(name: String, path: String)]

    static let folders = [
        "/etc/modules-load.d", "/run/modules-load.d", "/usr/local/lib/modules-load.d", "/usr/lib/modules-load.d",
    ]

    init(_ tree: any HostTree) {
        var files: [String: String] = [:]
        for folder in Self.folders {
            for name in tree.list(folder) where name.hasSuffix(".conf") && files[name] == nil {
                files[name] = "\(folder)/\(name)"
            }
        }
        var paths = files.sorted { $0.key < $1.key }.map(\.value)
        // systemd on Debian has a link modules-load.d/modules.conf to it.
        if files["modules.conf"] == nil { paths.append("/etc/modules") }
        all = paths.flatMap { path in
            (tree.text(path) ?? "").split(separator: "\n").compactMap { line in
                guard let word = line.split(whereSeparator: \.isWhitespace).first,
                    !word.hasPrefix("#"), !word.hasPrefix(";")
                else { return nil }
                return (String(word), path)
            }
        }
    }

    /// The file that has `module` loaded; nil for none.
    func path(of module: String) -> String? { all.first { ModprobeFiles.same($0.name, module) }?.path }
}
