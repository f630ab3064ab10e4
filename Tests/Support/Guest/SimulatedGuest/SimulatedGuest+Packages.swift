import Guest
import SystemPackage

/// Debian packages.
extension SimulatedGuest {
    static let contents: [String: [String]] = {
        let build = "/lib/modules/\(kernel)/build"
        return [
            "gcc": ["/usr/bin/gcc", "/usr/bin/cc"], "make": ["/usr/bin/make"], "libc6-dev": ["/usr/include/stdio.h"],
            "g++": ["/usr/bin/g++"], "gcc-11": ["/usr/bin/gcc-11"], "g++-11": ["/usr/bin/g++-11"],
            "libxml2": ["/usr/lib/x86_64-linux-gnu/libxml2.so.2"], "dkms": ["/usr/sbin/dkms"],
            "libelf-dev": ["/usr/include/libelf.h"], "perl": ["/usr/share/perl/5.36.0/Env.pm"],
            "linux-headers-\(kernel)": ["\(build)/include/generated/autoconf.h", "\(build)/Makefile"],
        ]
    }()

    /// dpkg's states, as far as a crash leaves them behind.
    enum PackageState: String {
        case installed = "ok"
        case halfInstalled = "half"
    }

    var packages: [String: PackageState] {
        Dictionary(
            uniqueKeysWithValues: (files.textIfReadable("/var/lib/dpkg/packages") ?? "").split(separator: "\n")
                .compactMap {
                    let words = $0.split(separator: " ")
                    return PackageState(rawValue: String(words[1])).map { (String(words[0]), $0) }
                })
    }

    /// dpkg syncs its database.
    func set(_ packages: [String: PackageState]) throws {
        let text = packages.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.rawValue)\n" }.joined()
        snapshots?.take(.durable("/var/lib/dpkg/packages"), "write /var/lib/dpkg/packages")
        try files.write(text, to: "/var/lib/dpkg/packages")
    }

    func query(_ words: [String]) -> CommandResult {
        let asked = words.dropFirst().filter { !$0.hasPrefix("-") && !$0.contains("$") }
        let names = asked.isEmpty ? packages.keys.sorted() : Array(asked)
        let known = names.filter { packages[$0] != nil }
        let withName = words.contains { $0.contains("${Package}") }
        return CommandResult(
            .exited(known.count == names.count ? 0 : 1),
            output: known.map {
                (withName ? "\($0) " : "")
                    + (packages[$0] == .installed ? "install ok installed\n" : "install reinstreq half-installed\n")
            }.joined())
    }

    func install(_ words: [String]) throws -> CommandResult {
        guard let index = words.firstIndex(of: "install") else { return CommandResult(.exited(0)) }
        if packages.values.contains(.halfInstalled) {
            return CommandResult(
                .exited(100),
                output: "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.\n"
            )
        }
        for name in words[(index + 1)...] where packages[name] != .installed {
            guard Self.contents[name] != nil else {
                return CommandResult(.exited(100), output: "E: Unable to locate package \(name)\n")
            }
            try set(packages.merging([name: .halfInstalled]) { $1 })
            try unpack(name)
        }
        try ldconfig()
        return CommandResult(.exited(0))
    }

    func unpack(_ name: String) throws {
        for path in Self.contents[name] ?? [] { try put(path, "package \(name)\n", mode: 0o755) }
        snapshots?.take(.sync, "dpkg's sync")
        try set(packages.merging([name: .installed]) { $1 })
    }

    /// Ends what was begun.
    func configure() throws -> CommandResult {
        for (name, state) in packages.sorted(by: { $0.key < $1.key }) where state == .halfInstalled { try unpack(name) }
        try ldconfig()
        return CommandResult(.exited(0))
    }

    func purge(_ names: [String]) throws -> CommandResult {
        for name in names where packages[name] != nil {
            try set(packages.merging([name: .halfInstalled]) { $1 })
            for path in Self.contents[name] ?? [] {
                try take(path)
                var folder = SystemRoot.parent(of: path)
                // dpkg removes folders that nobody else has.
                while folder.split(separator: "/").count > 2, files.list(folder).isEmpty {
                    try take(folder)
                    folder = SystemRoot.parent(of: folder)
                }
            }
            // Its database is synced, and with it the file system's own journal of what was removed before.
            snapshots?.take(.sync, "dpkg's sync")
            try set(packages.filter { $0.key != name })
        }
        try ldconfig()
        return CommandResult(.exited(0))
    }
}
