import BootConfiguration

/// Arch's mkinitcpio: presets name the images of a kernel, bash arrays say what goes into them.
enum Mkinitcpio {
    /// The preset of a kernel, by Arch's name for it ("linux").
    static func preset(_ packageBase: String) -> String { "/etc/mkinitcpio.d/\(packageBase).preset" }

    /// The images that a preset makes: `default_image="/boot/initramfs-linux.img"`, for each of `PRESETS=('default' …)`.
    static func images(preset text: String) -> [String] {
        let script = ShellAssignments(text)
        let array = script.all.last { $0.name == "PRESETS" }.map { script.lines[$0.line].prefix { $0 != "#" } }
        // An array over several lines is left to the shell, and all images count.
        let names = array.flatMap { line in
            line.contains(")")
                ? line.drop { $0 != "=" }.split { !($0.isLetter || $0.isNumber || "_-".contains($0)) } : nil
        }
        return script.all.filter { assignment in
            assignment.name.hasSuffix("_image")
                && names?.contains { assignment.name == $0 + "_image" } ?? true
        }.compactMap { $0.parts?.value }.filter { $0.hasPrefix("/") }
    }

    /// The configuration files that any image is made with: the main one, its drop-ins and what presets name.
    static func configurations(_ root: SystemRoot) -> [String] {
        let dropIns = root.list("/etc/mkinitcpio.conf.d").filter { $0.hasSuffix(".conf") }
            .map { "/etc/mkinitcpio.conf.d/" + $0 }
        let presets = root.list("/etc/mkinitcpio.d").filter { $0.hasSuffix(".preset") }
            .flatMap { ShellAssignments(root.textIfReadable("/etc/mkinitcpio.d/" + $0) ?? "").all }
            .filter { $0.name.hasSuffix("_config") }.compactMap { $0.parts?.value }
        var all: [String] = []
        for path in ["/etc/mkinitcpio.conf"] + dropIns + presets where root.exists(path) && !all.contains(path) {
            all.append(path)
        }
        return all
    }

    /// A configuration without the hook `kms` and without nouveau among its modules; all else as it was. Arrays may go over
    /// several lines.
    static func withoutNouveau(_ text: String) -> String {
        var lines: [String] = []
        var unwanted: Set<String>?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = String(line)
            let start = line.drop(while: \.isWhitespace)
            if unwanted == nil, !start.hasPrefix("#") {
                if start.hasPrefix("HOOKS=") || start.hasPrefix("HOOKS+=") { unwanted = ["kms"] }
                if start.hasPrefix("MODULES=") || start.hasPrefix("MODULES+=") { unwanted = ["nouveau"] }
            }
            if let words = unwanted {
                let code = line.prefix { $0 != "#" }
                line = without(words, code) + line[code.endIndex...]
                // Old ones are strings, on one line.
                if !code.contains("(") || code.contains(")") {
                    unwanted = code.contains(")") || code.contains("=") ? nil : words
                }
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }

    private static func without(_ words: Set<String>, _ code: Substring) -> String {
        var result = ""
        var word = ""
        func flush() {
            guard words.contains(word) else {
                result += word
                word = ""
                return
            }
            word = ""
            // The space before it goes with it; after an opening one the space behind does.
            if result.last?.isWhitespace == true { result.removeLast() }
        }
        for character in code {
            if character.isWhitespace || "()\"'=".contains(character) {
                let first = words.contains(word) && result.last.map { "(\"'".contains($0) } == true
                flush()
                if first && character.isWhitespace { continue }
                result.append(character)
            } else {
                word.append(character)
            }
        }
        flush()
        return result
    }
}
