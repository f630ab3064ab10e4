public import Contract

/// Arch's package manager.
public struct PacmanPackages: PackageManager {
    private let guest: Guest
    private let commands: PackageCommands

    init(_ guest: Guest, sleep: @escaping @Sendable (Duration) async -> Void) {
        self.guest = guest
        commands = PackageCommands(
            guest: guest, sleep: sleep, diagnoses: Self.diagnoses, notFound: Self.notFound,
            tellingPrefixes: ["error:", "warning:", ":: unable to satisfy"])
    }

    static let diagnoses: [PackageDiagnosis] = [
        .locked("unable to lock database", "could not lock database"),
        .space("not enough free disk space", "too full"),
        .untrusted(
            "unknown trust", "invalid or corrupted package", "is marginal trust", "could not be looked up",
            "missing required signature", "invalid or corrupted database"),
        .unregistered("no usable package repositories configured"),
        .network("Could not resolve host", "failed to synchronize all databases", "failed retrieving file"),
    ]

    static let notFound = [NotFoundPattern("target not found: ")]

    public func installed() async throws -> Set<String> {
        let lines = try await guest.packageList(Command(["pacman", "-Qq"], outputLimit: 4 << 20))
        return Set(lines.map(\.trimmed))
    }

    public func install(_ names: [String], progress: @Sendable (String) -> Void) async throws {
        try await CloudInit(guest).wait()
        if !hasDatabases { try await require(Self.refresh, [], progress) }
        let command = Self.installation(of: names)
        progress(command.line)
        var result = try await run(command, progress)
        if !result.succeeded, !commands.isLocked(result), result.ending != .timedOut {
            try await require(Self.refresh, [], progress)
            result = try await run(command, progress)
        }
        if !result.succeeded { throw commands.failure(result, names, command) }
    }

    /// The distribution knows no partial upgrades: a new kernel comes with all that is new.
    public func installNewest(_ names: [String], progress: @Sendable (String) -> Void) async throws {
        try await CloudInit(guest).wait()
        try await require(Self.keyring, [], progress)
        try await require(Self.update(names), names, progress)
    }

    public func updateAll(progress: @Sendable (String) -> Void) async throws {
        try await CloudInit(guest).wait()
        // Packages of today are signed by keys that an old image does not have.
        try await require(Self.keyring, [], progress)
        try await require(Self.update([]), [], progress)
    }

    /// The sources keep one version only: it must be the running kernel's. Databases of an old image tell of packages that
    /// the mirrors no longer have, and are brought up to date first, as far as there is a network.
    public func offersHeaders(_ names: [String], of kernel: KernelIdentity) async throws -> Bool {
        guard !names.isEmpty else { return true }
        _ = try await run(Self.refresh) { _ in }
        let result = try await guest.runner.run(
            Command(["pacman", "-Sp", "--print-format", "%v"] + names, deadline: .seconds(120)))
        guard result.succeeded, let version = result.output.lines.last?.trimmed else { return true }
        return Self.belongs(version, to: kernel.release)
    }

    /// Whether a package's version is a kernel release's: "6.16.8.arch3-1" is 6.16.8-arch3-1, "6.12.49-1" is 6.12.49-1-lts.
    static func belongs(_ version: String, to release: String) -> Bool {
        let words = { (text: String) in text.split { $0 == "." || $0 == "-" } }
        let (wanted, got) = (words(release), words(version))
        return wanted.starts(with: got) && wanted.dropFirst(got.count).allSatisfy { $0.first?.isLetter ?? false }
    }

    public func preview(installing names: [String]) -> [DryRun.Action] {
        (hasDatabases && !names.contains { $0.hasSuffix("-headers") } ? [] : [.run(Self.refresh.line)]) + [
            .run(Self.installation(of: names).line)
        ]
    }

    public func previewUpdate() -> [DryRun.Action] { [.run(Self.keyring.line), .run(Self.update([]).line)] }

    private var hasDatabases: Bool { guest.root.list("/var/lib/pacman/sync").contains { $0.hasSuffix(".db") } }

    private static let lock = "/var/lib/pacman/db.lck"
    private static let lockers: Set<String> = ["pacman", "packagekitd", "pamac-daemon", "yay", "paru"]

    private func run(_ command: Command, _ progress: @Sendable (String) -> Void) async throws -> CommandResult {
        try await commands.run(command, progress) {
            // A pacman that was killed leaves its lock behind for ever.
            guard guest.root.exists(Self.lock), !isSomebodyAtIt else { return false }
            progress("removing \(Self.lock), which no process holds")
            try guest.root.remove(Self.lock)
            return true
        }
    }

    private func require(
        _ command: Command, _ names: [String], _ progress: @Sendable (String) -> Void
    ) async throws {
        progress(command.line)
        let result = try await run(command, progress)
        if !result.succeeded { throw commands.failure(result, names, command) }
    }

    private var isSomebodyAtIt: Bool {
        guest.root.list("/proc").contains { process in
            Int(process) != nil && Self.lockers.contains(guest.root.attribute("/proc/\(process)/comm") ?? "")
        }
    }

    static let refresh = Command(["pacman", "-Sy", "--noconfirm"], deadline: .seconds(600), mergesErrors: true)
    static let keyring = Command(
        ["pacman", "-Sy", "--noconfirm", "--needed", "archlinux-keyring"], deadline: .seconds(600), mergesErrors: true)

    static func installation(of names: [String]) -> Command {
        Command(["pacman", "-S", "--noconfirm", "--needed"] + names, deadline: .seconds(2400), mergesErrors: true)
    }

    static func update(_ names: [String]) -> Command {
        Command(
            ["pacman", "-Su", "--noconfirm"] + (names.isEmpty ? [] : ["--needed"] + names), deadline: .seconds(3600),
            mergesErrors: true)
    }

    // MARK: - Without a network

    /// A package file, as its name tells.
    struct File: Equatable {
        var file: String
        var name: String
        var version: PackageVersion

        /// Reads NAME-VERSION-RELEASE-ARCHITECTURE.pkg.tar.zst; nil for anything else.
        init?(_ file: String) {
            guard let end = file.firstRange(of: ".pkg.tar")?.lowerBound, !file.hasSuffix(".sig") else { return nil }
            let parts = file[..<end].split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count > 3 else { return nil }
            self.file = file
            name = parts.dropLast(3).joined(separator: "-")
            version = PackageVersion(parts.suffix(3).dropLast().joined(separator: "-"))
        }

        /// A kernel, or its headers or documentation: linux, linux-lts-headers. linux-api-headers are the C library's.
        var isOfOneKernel: Bool {
            var name = name
            for suffix in ["-headers", "-docs"] where name.hasSuffix(suffix) { name.removeLast(suffix.count) }
            return ["linux", "linux-lts", "linux-zen", "linux-hardened", "linux-rt", "linux-rt-lts"].contains(name)
        }
    }

    /// What of a folder is installed: the files that were asked for, and the others that are there for their sake, also
    /// where they bring up to date what is installed: the distribution knows no partial upgrades. No other kernels.
    static func selection(_ names: [String], _ files: [File], installed: [String: PackageVersion]) -> [File] {
        files.filter { file in
            if names.contains(file.name) { return true }
            return !file.isOfOneKernel && installed[file.name].map { $0 < file.version } ?? true
        }
    }

    public func install(
        _ names: [String], fromFolder folder: String, progress: @Sendable (String) -> Void
    ) async throws {
        let root = guest.root
        let files = root.list(folder).compactMap { File($0) }
        let result = try await guest.runner.run(Command(["pacman", "-Q"], outputLimit: 4 << 20))
        var installed: [String: PackageVersion] = [:]
        for words in result.output.lines.map(\.words) where words.count == 2 {
            installed[words[0]] = PackageVersion(words[1])
        }
        let lacking = names.filter { wanted in installed[wanted] == nil && !files.contains { $0.name == wanted } }
        guard lacking.isEmpty else { throw OfflineFolder.lacks(lacking, files.map(\.file)) }
        let wanted = Self.selection(names, files, installed: installed).map { root.real("\(folder)/\($0.file)") }
        do {
            try await require(
                Command(
                    ["pacman", "-U", "--noconfirm", "--needed"] + wanted, deadline: .seconds(2400), mergesErrors: true),
                names, progress)
        } catch {
            throw OfflineFolder.explaining(error)
        }
    }
}
