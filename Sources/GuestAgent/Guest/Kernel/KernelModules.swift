/// The running kernel's modules.
public struct KernelModules: Sendable {
    private let guest: Guest

    /// Modules of `guest`.
    public init(_ guest: Guest) {
        self.guest = guest
    }

    /// One line of /proc/modules.
    public struct Entry: Equatable, Sendable {
        public var name: String
        /// How many hold it; a module that holds itself never goes.
        public var references: Int
        /// Modules that use it.
        public var users: [String]
    }

    /// The entry of a module, nil where it is not loaded. `name` with underscores, as the kernel writes it.
    public func entry(_ name: String) -> Entry? {
        Self.parse(guest.root.textIfReadable("/proc/modules") ?? "").first { $0.name == name }
    }

    /// Reads /proc/modules: `nouveau 2306048 1 drm_kms_helper,ttm, Live 0x0`.
    public static func parse(_ text: String) -> [Entry] {
        text.lines.compactMap { line in
            let words = line.words
            guard words.count >= 4, let references = Int(words[2]) else { return nil }
            let users = words[3] == "-" ? [] : words[3].split(separator: ",").map { String($0) }
            return Entry(name: words[0], references: references, users: users)
        }
    }

    /// Files of a module below /lib/modules, of any installed kernel, compressed or not.
    public func files(of name: String) -> [String] {
        let root = guest.root
        var found: [String] = []
        for kernel in root.list("/lib/modules") {
            // modules.dep names each module file; a walk through thousands of folders would cost seconds.
            guard let index = root.textIfReadable("/lib/modules/\(kernel)/modules.dep") else { continue }
            for line in index.lines {
                let file = line.prefix { $0 != ":" }
                let base = file.split(separator: "/").last.map { String($0) } ?? ""
                if base == "\(name).ko" || base.hasPrefix("\(name).ko.") {
                    found.append("/lib/modules/\(kernel)/\(file)")
                }
            }
        }
        return found
    }

    /// `modprobe NAME`.
    public func load(_ name: String) async throws -> CommandResult {
        try await guest.runner.run(Command(["modprobe", name], deadline: .seconds(120)))
    }

    /// `modprobe -r NAME`.
    public func unload(_ name: String) async throws -> CommandResult {
        try await guest.runner.run(Command(["modprobe", "-r", name], deadline: .seconds(60)))
    }

    /// Version of an installed module as `modinfo -F version` says, nil where there is none.
    public func version(of name: String) async throws -> String? {
        let result = try await guest.runner.run(Command(["modinfo", "-F", "version", name]))
        let version = result.output.trimmed
        return result.succeeded && !version.isEmpty ? version : nil
    }
}
