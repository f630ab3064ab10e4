public import Contract

/// Debian's package manager.
public struct AptPackages: PackageManager {
    private let guest: Guest
    private let commands: PackageCommands

    /// The package manager of `guest`. `sleep` is for tests.
    public init(
        _ guest: Guest, sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.guest = guest
        commands = PackageCommands(
            guest: guest, sleep: sleep, diagnoses: Self.diagnoses, notFound: Self.notFound,
            tellingPrefixes: ["E:", "Err:", "W:"])
    }

    static let diagnoses: [PackageDiagnosis] = [
        .locked(
            "Could not get lock", "is locked by another process", "Unable to lock directory",
            "Unable to acquire the dpkg frontend lock"),
        .space("You don't have enough free space"),
        .network("Temporary failure resolving", "Could not resolve", "Could not connect"),
        .untrusted("NO_PUBKEY", "is not valid yet", "EXPKEYSIG"),
    ]

    static let notFound = [
        NotFoundPattern("Unable to locate package "), NotFoundPattern("Couldn't find any package by glob "),
        NotFoundPattern("Package '", "' has no installation candidate"),
        NotFoundPattern("Package ", " has no installation candidate"),
        NotFoundPattern("Package ", " is not available"),
    ]

    public func installed() async throws -> Set<String> {
        let lines = try await guest.packageList(
            Command(["dpkg-query", "-W", "-f", "${Package} ${Status}\n"], outputLimit: 4 << 20))
        return Set(
            lines.compactMap { line -> String? in
                let words = line.words
                return words.dropFirst() == ["install", "ok", "installed"] ? words.first : nil
            })
    }

    /// An update that fails is no end: one dead source is often not the one that has the packages.
    public func install(_ names: [String], progress: @Sendable (String) -> Void) async throws {
        try await CloudInit(guest).wait()  // it may be installing packages itself
        var update: CommandResult?
        if !hasLists {
            progress("apt-get update")
            update = try await run(Self.listUpdate, progress)
        }
        progress("apt-get install \(names.joined(separator: " "))")
        let command = Self.installation(of: names)
        var result = try await run(command, progress)
        if !result.succeeded && update == nil && !commands.isLocked(result) {
            progress("apt-get update, since the install failed")
            update = try await run(Self.listUpdate, progress)
            result = try await run(command, progress)
        }
        guard !result.succeeded else { return }
        if let update, !update.succeeded { result.output = update.output + "\n" + result.output }
        throw commands.failure(result, names, command)
    }

    /// A metapackage's newest version is what apt installs; the lists must be new for that.
    public func installNewest(_ names: [String], progress: @Sendable (String) -> Void) async throws {
        try await CloudInit(guest).wait()
        progress("apt-get update")
        _ = try await run(Self.listUpdate, progress)
        let command = Self.installation(of: names)
        progress(command.line)
        let result = try await run(command, progress)
        if !result.succeeded { throw commands.failure(result, names, command) }
    }

    public func updateAll(progress: @Sendable (String) -> Void) async throws {
        try await CloudInit(guest).wait()
        for command in Self.update {
            progress(command.line)
            let result = try await run(command, progress)
            if !result.succeeded { throw commands.failure(result, [], command) }
        }
    }

    /// dpkg that was killed refuses to do anything before it has been let finish; an agent that is continued meets that.
    private func run(_ command: Command, _ progress: @Sendable (String) -> Void) async throws -> CommandResult {
        let result = try await commands.run(command, progress)
        guard !result.succeeded, result.output.contains("dpkg was interrupted") else { return result }
        progress("dpkg --configure -a, since dpkg was interrupted")
        let repair = Command(["dpkg", "--configure", "-a"], deadline: .seconds(1200), mergesErrors: true)
        let repaired = try await commands.run(repair, progress)
        return repaired.succeeded ? try await commands.run(command, progress) : repaired
    }

    private var hasLists: Bool {
        guest.root.list("/var/lib/apt/lists").contains { $0.hasSuffix("_Packages") || $0.contains("_Packages.") }
    }

    public func preview(installing names: [String]) -> [DryRun.Action] {
        (hasLists ? [] : [.run(Self.listUpdate.line)]) + [.run(Self.installation(of: names).line)]
    }

    public func previewUpdate() -> [DryRun.Action] { Self.update.map { .run($0.line) } }

    private static let waitForLock = ["-o", "DPkg::Lock::Timeout=600"]
    private static let quiet = ["-q", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"]

    static let listUpdate = Command(
        ["apt-get", "-q", "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30"] + waitForLock + ["update"],
        deadline: .seconds(1200), mergesErrors: true)

    static func installation(of names: [String], options: [String] = []) -> Command {
        Command(
            ["apt-get"] + quiet + waitForLock + options + ["install"] + names, deadline: .seconds(2400),
            mergesErrors: true)
    }

    /// New kernels are new packages: `upgrade` alone would leave them out. Nothing is removed.
    static let update = [
        listUpdate,
        Command(
            ["apt-get"] + quiet + waitForLock + ["--with-new-pkgs", "upgrade"], deadline: .seconds(3600),
            mergesErrors: true),
    ]

    // MARK: - Without a network

    /// apt resolves what the names need among the files of the folder, with lists of its own and no other source.
    public func install(
        _ names: [String], fromFolder folder: String, progress: @Sendable (String) -> Void
    ) async throws {
        let root = guest.root
        var index = ""
        for file in root.list(folder).filter({ $0.hasSuffix(".deb") }) {
            let path = "\(folder)/\(file)"
            let fields = try await guest.runner.run(Command(["dpkg-deb", "-f", root.real(path)]))
            let digest = try await guest.runner.run(Command(["sha256sum", root.real(path)], deadline: .seconds(300)))
            guard fields.succeeded, let sha256 = digest.output.words.first, let size = root.size(path) else {
                throw Failure.guest(
                    .payloadCorrupt, "install packages from the folder", "\(file) is not a Debian package.",
                    evidence: fields.errors.lines.lastLines(3), remedy: "Give a folder of whole .deb files.")
            }
            index += Self.entry(fields.output, file: file, size: size, sha256: sha256)
        }
        let state = "\(folder)/.apt"
        for part in ["lists/partial", "cache/archives/partial"] { try root.createDirectory("\(state)/\(part)") }
        try root.write(index, to: "\(folder)/Packages")
        try root.write("deb [trusted=yes] file:\(root.real(folder)) ./\n", to: "\(state)/sources.list")
        let options = Self.offlineOptions(root.real(state))
        try await commands.require(
            Command(
                ["apt-get", "-q"] + Self.waitForLock + options + ["update"], deadline: .seconds(600),
                mergesErrors: true), [], progress)
        try await commands.require(Self.installation(of: names, options: options), names, progress)
    }

    /// One package in an index of a flat repository.
    static func entry(_ fields: String, file: String, size: Int64, sha256: String) -> String {
        fields.trimmed + "\nFilename: ./\(file)\nSize: \(size)\nSHA256: \(sha256)\n\n"
    }

    /// `_apt` may not look into a private folder, hence root.
    static func offlineOptions(_ state: String) -> [String] {
        [
            "Dir::Etc::SourceList=\(state)/sources.list", "Dir::Etc::SourceParts=/dev/null",
            "Dir::State::Lists=\(state)/lists", "Dir::Cache=\(state)/cache", "APT::Sandbox::User=root",
        ].flatMap { ["-o", $0] }
    }
}
