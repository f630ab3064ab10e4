import Contract

/// /etc/default/grub as a text that is edited with the least change.
public enum GrubDefaults {
    /// `text` with each of `parameters` in GRUB_CMDLINE_LINUX, once. Comments, order and quotes stay as they are; a text
    /// that has them all comes back unchanged.
    ///
    /// The file is a shell script. What this function does not understand as one quoted assignment it leaves alone, and
    /// appends a line that the shell evaluates to the old value and the new parameters.
    public static func adding(_ parameters: [String], to text: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        let assignments = lines.indices.filter { lines[$0].drop(while: \.isWhitespace).hasPrefix(variable + "=") }
        guard let last = assignments.last else {
            return appending("\(variable)=\"\(parameters.joined(separator: " "))\"", to: text)
        }
        if let (head, value, tail) = split(lines[last]) {
            let missing = parameters.filter { !value.words.contains($0) }
            guard !missing.isEmpty else { return text }
            let joined = (value.trimmed.isEmpty ? [] : [value.trimmed]) + missing
            lines[last] = head + joined.joined(separator: " ") + tail
            return lines.joined(separator: "\n")
        }
        let appended = "\(variable)=\"$\(variable) \(parameters.joined(separator: " "))\""
        return lines.contains(appended) ? text : appending(appended, to: text)
    }

    private static let variable = "GRUB_CMDLINE_LINUX"

    /// `  GRUB_CMDLINE_LINUX="a b" # why` → head up to the opening quote, value, tail from the closing quote.
    private static func split(_ line: String) -> (head: String, value: String, tail: String)? {
        guard let equals = line.firstIndex(of: "=") else { return nil }
        let start = line.index(after: equals)
        let rest = line[start...]
        guard let quote = rest.first, quote == "\"" || quote == "'" else {
            let value = rest.prefix { !$0.isWhitespace && $0 != "#" }
            guard !value.contains(where: { "\\$`\"'".contains($0) }) else { return nil }
            return (line[..<start] + "\"", String(value), "\"" + rest.dropFirst(value.count))
        }
        let body = rest.dropFirst()
        guard let close = body.firstIndex(of: quote) else { return nil }
        let after = body[body.index(after: close)...].drop(while: \.isWhitespace)
        guard after.isEmpty || after.hasPrefix("#"), !body[..<close].contains("\\") else { return nil }
        return (String(line[...start]), String(body[..<close]), String(line[close...]))
    }

    private static func appending(_ line: String, to text: String) -> String {
        text + (text.isEmpty || text.hasSuffix("\n") ? "" : "\n") + line + "\n"
    }
}

/// The guest's boot loader: GRUB, or one that is left alone.
public struct BootLoader: Sendable {
    let guest: Guest

    /// The boot loader of `guest`.
    public init(_ guest: Guest) {
        self.guest = guest
    }

    private static let defaults = "/etc/default/grub"
    private static let configurations = ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"]

    /// Where GRUB's generated configuration is; nil where GRUB does not boot this guest (systemd-boot, a kernel that the
    /// host loads).
    public var configuration: String? {
        guard guest.root.exists(Self.defaults) else { return nil }
        return Self.configurations.first { guest.root.exists($0) }
    }

    /// Those of `parameters` that are not on the kernel line of each entry of the generated configuration.
    public func missing(_ parameters: [String]) -> [String] {
        guard let configuration, let text = guest.root.textIfReadable(configuration) else { return [] }
        return Self.missing(parameters, inConfiguration: text)
    }

    /// As ``missing(_:)``, of a grub.cfg's text. A configuration without a kernel line lacks nothing: it sends GRUB
    /// elsewhere (EL 9 keeps arguments in /boot/loader/entries).
    static func missing(_ parameters: [String], inConfiguration text: String) -> [String] {
        let kernels = kernelLines(text)
        return parameters.filter { parameter in kernels.contains { !$0.contains(parameter) } }
    }

    /// Whether the generated configuration boots this system's kernels by itself.
    public var hasKernelLines: Bool {
        configuration.flatMap { guest.root.textIfReadable($0) }.map { !Self.kernelLines($0).isEmpty } ?? false
    }

    /// The words of each line that boots a kernel of this system. Memory tests take no parameters, and other systems that
    /// os-prober found have their own.
    static func kernelLines(_ text: String) -> [[String]] {
        var foreign = false
        return text.lines.map(\.words).filter { words in
            if words.first == "###" && words.contains(where: { $0.hasSuffix("os-prober") }) {
                foreign = words.dropFirst().first == "BEGIN"
            }
            guard !foreign, words.count > 1, ["linux", "linux16", "linuxefi"].contains(words[0]) else { return false }
            return words[1].split(separator: "/").last?.hasPrefix("vmlinuz") == true
        }
    }

    /// Read by grub-mkconfig after all other fragments.
    static let fragment = "/etc/default/grub.d/zz-gpu-guest-agent.cfg"

    /// Puts `parameters` on the kernel command line of the next boots. The old defaults come back where the
    /// configuration cannot be made. Throws ``FailureCode/bootLoader``.
    public func add(_ parameters: [String]) async throws {
        guard let configuration else { return }
        let old = try guest.root.text(Self.defaults)
        let new = GrubDefaults.adding(parameters, to: old)
        try guest.changes.willChange(configuration)
        if new != old { try guest.changes.write(new, to: Self.defaults) }
        let command = Command(
            guest.root.exists("/usr/sbin/update-grub")
                ? ["update-grub"]
                : [configuration.contains("grub2") ? "grub2-mkconfig" : "grub-mkconfig", "-o", configuration],
            deadline: .seconds(600), mergesErrors: true)
        var result = try await guest.runner.run(command)
        var added = false
        // A fragment that sets the variable anew hides what stands in the file.
        if result.succeeded, !missing(parameters).isEmpty, hasFragments {
            added = !guest.root.exists(Self.fragment)
            let text = """
                # Written by gpu-guest-agent: a fragment before this one sets the variable anew.
                GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX \(parameters.joined(separator: " "))"

                """
            try guest.changes.write(text, to: Self.fragment)
            result = try await guest.runner.run(command)
        }
        try guest.changes.didChange(configuration)
        guard result.succeeded else {
            if new != old { try guest.root.write(old, to: Self.defaults) }
            if added { try guest.root.remove(Self.fragment) }
            throw Failure.command(
                command, result, code: .bootLoader, operation: "put the blacklist on the kernel command line",
                remedy: "Make update-grub work in the image; /etc/default/grub is as it was.")
        }
    }

    private var hasFragments: Bool { guest.root.list("/etc/default/grub.d").contains { $0.hasSuffix(".cfg") } }
}
