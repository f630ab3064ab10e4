public import Contract

/// SUSE's package manager.
public struct ZypperPackages: PackageManager {
    private let guest: Guest
    private let isRolling: Bool
    private let commands: PackageCommands

    /// `isRolling`: Tumbleweed, which is brought up to date by `dup`.
    init(_ guest: Guest, isRolling: Bool, sleep: @escaping @Sendable (Duration) async -> Void) {
        self.guest = guest
        self.isRolling = isRolling
        // zypper(8): 100 and 101 tell of patches, 102 of a reboot, 103 of a restart of zypper, 106 of a repository that was
        // left out, 107 of a script that failed after the packages were installed; 7 is the lock.
        commands = PackageCommands(
            guest: guest, sleep: sleep, diagnoses: Self.diagnoses, notFound: Self.notFound,
            tellingPrefixes: [
                "Problem", "No provider", "Error", "Package '", "'", " nothing provides", "Warning", " - ",
            ],
            successes: [0, 100, 101, 102, 103, 106, 107], lockedStatuses: [7])
    }

    static let diagnoses: [PackageDiagnosis] = [
        .locked("System management is locked by the application", "can't create transaction lock"),
        .space("more space on the", "Not enough space", "needs more space", "Insufficient disk space"),
        .unregistered("No repositories defined", "no enabled repositories"),
        .network(
            "Could not resolve host", "Timeout exceeded when accessing", "Connection failed", "Download (curl) error",
            "not found on medium"),
        // Answered no, zypper goes on without the source.
        .untrusted("Signature verification failed", "is signed with an unknown key", "GPG key").explainingAbsence,
    ]

    /// "'X' not found in package names. Trying capabilities." is no miss: a capability may be found.
    static let notFound = [
        NotFoundPattern("No provider of '", "' found"), NotFoundPattern("Package '", "' not found"),
        NotFoundPattern("nothing provides '", "'"),
    ]

    public func installed() async throws -> Set<String> {
        let lines = try await guest.packageList(
            Command(["rpm", "-qa", "--qf", "%{NAME}\\n"], deadline: .seconds(120), outputLimit: 4 << 20))
        return Set(lines.map(\.trimmed))
    }

    public func install(_ names: [String], progress: @Sendable (String) -> Void) async throws {
        try await CloudInit(guest).wait()
        let command = Self.installation(of: names)
        progress(command.line)
        var result = try await commands.run(command, progress)
        if !isWhole(result, names), !commands.isLocked(result), result.ending != .timedOut {
            progress(Self.refresh.line)
            _ = try await commands.run(Self.refresh, progress)
            result = try await commands.run(command, progress)
        }
        if !isWhole(result, names) { throw commands.failure(result, names, command) }
    }

    /// A repository that was left out (106) may be the one that has the packages.
    private func isWhole(_ result: CommandResult, _ names: [String]) -> Bool {
        commands.succeeded(result) && (result.succeeded || commands.namesNotFound(result, names).isEmpty)
    }

    public func installNewest(_ names: [String], progress: @Sendable (String) -> Void) async throws {
        try await CloudInit(guest).wait()
        progress(Self.refresh.line)
        _ = try await commands.run(Self.refresh, progress)
        // zypper installs the newest version also where an older one is there.
        try await commands.require(Self.installation(of: names), names, progress)
    }

    public func updateAll(progress: @Sendable (String) -> Void) async throws {
        try await CloudInit(guest).wait()
        progress(Self.refresh.line)
        _ = try await commands.run(Self.refresh, progress)
        // 103: it has updated itself first, and the rest is to do.
        for _ in 0..<3 {
            progress(update.line)
            let result = try await commands.run(update, progress)
            guard commands.succeeded(result) else { throw commands.failure(result, [], update) }
            if result.ending != .exited(103) { return }
        }
    }

    public func preview(installing names: [String]) -> [DryRun.Action] { [.run(Self.installation(of: names).line)] }

    public func previewUpdate() -> [DryRun.Action] { [.run(Self.refresh.line), .run(update.line)] }

    static let refresh = Command(
        ["zypper", "--non-interactive", "refresh"], deadline: .seconds(1200), mergesErrors: true)

    static func installation(of names: [String], options: [String] = []) -> Command {
        Command(
            ["zypper", "--non-interactive"] + options
                + ["install", "--no-recommends", "--auto-agree-with-licenses"] + names,
            deadline: .seconds(2400), mergesErrors: true)
    }

    private var update: Command {
        Command(
            ["zypper", "--non-interactive", isRolling ? "dist-upgrade" : "update", "--auto-agree-with-licenses"],
            deadline: .seconds(3600), mergesErrors: true)
    }

    // MARK: - Without a network

    /// The folder is the only repository, so that zypper chooses from it what the names need.
    public func install(
        _ names: [String], fromFolder folder: String, progress: @Sendable (String) -> Void
    ) async throws {
        let root = guest.root
        let repositories = "\(folder)/.zypp"
        try root.createDirectory("\(repositories)/cache")
        try root.write(Self.repository(root.real(folder)), to: "\(repositories)/offline.repo")
        let command = Self.installation(
            of: names,
            options: [
                "--no-refresh", "--reposd-dir", root.real(repositories), "--cache-dir",
                root.real("\(repositories)/cache"),
                "--no-gpg-checks",
            ])
        progress(command.line)
        let result = try await commands.run(command, progress)
        if commands.succeeded(result) { return }
        let lacking = commands.namesNotFound(result, names)
        throw lacking.isEmpty
            ? OfflineFolder.explaining(commands.failure(result, names, command))
            : OfflineFolder.lacks(lacking, root.list(folder).filter { $0.hasSuffix(".rpm") })
    }

    static func repository(_ folder: String) -> String {
        """
        [offline]
        name=offline
        enabled=1
        autorefresh=1
        baseurl=dir:\(folder)
        type=plaindir
        gpgcheck=0
        keeppackages=0

        """
    }
}
