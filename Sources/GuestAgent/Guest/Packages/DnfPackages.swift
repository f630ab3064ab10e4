public import Contract

/// yum (EL 7) and dnf, which is much the same.
public struct DnfPackages: PackageManager {
    private let guest: Guest
    private let distribution: Distribution
    private let commands: PackageCommands

    init(_ guest: Guest, _ distribution: Distribution, sleep: @escaping @Sendable (Duration) async -> Void) {
        self.guest = guest
        self.distribution = distribution
        commands = PackageCommands(
            guest: guest, sleep: sleep, diagnoses: Self.diagnoses, notFound: Self.notFound,
            tellingPrefixes: ["Error", "No package", "No match", "Failed", "Cannot", "Status code", "  - "],
            lockedStatuses: [200])
    }

    static let diagnoses: [PackageDiagnosis] = [
        .locked(
            "Existing lock /var/run/yum.pid", "currently holding the yum lock", "Failed to obtain the transaction lock",
            "Failed to obtain rpm transaction lock", "already locked by", "can't create transaction lock",
            "Failed to obtain lock"),
        .space(
            "more space needed on the", "more space on the", "Insufficient space in download directory",
            "insufficient space"),
        .unregistered(
            "This system is not registered", "There are no enabled repos", "There are no enabled repositories"),
        .network(
            "Could not resolve", "Couldn't resolve host", "Timeout was reached", "Failed to connect",
            "Connection timed out", "No more mirrors to try", "All mirrors were tried"),
        .untrusted("GPG check FAILED", "is not signed", "Public key for"),
    ]

    static let notFound = [
        NotFoundPattern("No package ", " available"), NotFoundPattern("No match for argument: "),
        NotFoundPattern("Unable to find a match: "),
    ]

    public func installed() async throws -> Set<String> {
        let lines = try await guest.packageList(
            Command(["rpm", "-qa", "--qf", "%{NAME}\\n"], deadline: .seconds(120), outputLimit: 4 << 20))
        return Set(lines.map(\.trimmed))
    }

    public func install(_ names: [String], progress: @Sendable (String) -> Void) async throws {
        try await begin(progress)
        let command = installation(of: names)
        progress(command.line)
        var result = try await commands.run(command, progress)
        // Metadata that were fetched long ago name packages that are gone.
        if !isWhole(result, names), !commands.isLocked(result), result.ending != .timedOut {
            try await commands.require(makeCache, [], progress)
            result = try await commands.run(command, progress)
        }
        if !isWhole(result, names) { throw commands.failure(result, names, command) }
    }

    public func installNewest(_ names: [String], progress: @Sendable (String) -> Void) async throws {
        try await begin(progress)
        try await commands.require(makeCache, [], progress)
        // `install` alone is content with an older kernel that is there.
        try await commands.require(installation(of: names), names, progress)
        try await commands.require(upgrade(names), names, progress)
    }

    public func updateAll(progress: @Sendable (String) -> Void) async throws {
        try await begin(progress)
        // Metadata count as fresh for two days (48 hours; EL's default): what is newer would be left out.
        try await commands.require(makeCache, [], progress)
        try await commands.require(upgrade([]), [], progress)
    }

    /// yum ends with 0 where it found some of the names.
    private func isWhole(_ result: CommandResult, _ names: [String]) -> Bool {
        result.succeeded && commands.namesNotFound(result, names).isEmpty
    }

    private func begin(_ progress: @Sendable (String) -> Void) async throws {
        try await CloudInit(guest).wait()
        for (path, text) in vault {
            progress("\(path): the mirrors are gone, vault.centos.org has the packages")
            try guest.changes.write(text, to: path)
        }
    }

    /// Repositories whose mirrors are gone, and what their files are to say.
    private var vault: [(path: String, text: String)] {
        guard let vault = CentOSVault.of(distribution) else { return [] }
        let folder = "/etc/yum.repos.d"
        return guest.root.list(folder).filter { $0.hasSuffix(".repo") }.compactMap { file in
            let path = "\(folder)/\(file)"
            guard let text = guest.root.textIfReadable(path) else { return nil }
            let new = vault.redirecting(text)
            return new == text ? nil : (path, new)
        }
    }

    public func preview(installing names: [String]) -> [DryRun.Action] {
        vault.map { .write(path: $0.path, text: $0.text) } + [.run(installation(of: names).line)]
    }

    public func previewUpdate() -> [DryRun.Action] {
        vault.map { .write(path: $0.path, text: $0.text) } + [.run(makeCache.line), .run(upgrade([]).line)]
    }

    private var program: String { distribution.manager.rawValue }

    /// Both wait for a lock as long as it takes; told to exit (with status 200), they are asked again with a deadline.
    private var options: [String] {
        ["-y", "--setopt=exit_on_lock=1"]
            + (distribution.manager == .dnf ? ["--setopt=install_weak_deps=False"] : [])
    }

    private var makeCache: Command {
        // "expire-cache" makes the next command fetch what has changed, without a word about repositories that are down.
        Command([program, "clean", "expire-cache"], deadline: .seconds(120), mergesErrors: true)
    }

    private func installation(of names: [String], _ more: [String] = []) -> Command {
        Command(
            [program] + options + more + ["install"] + names, deadline: .seconds(2400), mergesErrors: true)
    }

    private func upgrade(_ names: [String]) -> Command {
        Command(
            [program] + options + [distribution.manager == .yum ? "update" : "upgrade"] + names,
            deadline: .seconds(3600), mergesErrors: true)
    }

    // MARK: - Without a network

    /// A package file, as rpm describes it.
    struct File: Equatable {
        var path: String
        var name: String
        /// VERSION-RELEASE.ARCHITECTURE
        var version: String
        /// EPOCH:VERSION-RELEASE
        var order: PackageVersion

        /// Whether `wanted` asks for it: by its name, or by name and version.
        func answers(_ wanted: String) -> Bool { wanted == name || wanted == "\(name)-\(version)" }

        /// Whether it is one kernel's, its modules or headers. kernel-headers are the C library's, of any kernel, and
        /// macros are for building packages.
        var isOfOneKernel: Bool {
            name.hasPrefix("kernel") && !name.hasSuffix("-headers") && !name.hasSuffix("-macros")
        }
    }

    /// What of a folder is installed: the files that were asked for, and the others that are there for their sake, in the
    /// newest version, unless the guest has the same or a newer one. Packages require each other in the very same
    /// version (glibc-devel and glibc), hence also newer versions of what is installed. Of packages that come with each
    /// kernel only those that were asked for.
    static func selection(_ names: [String], _ files: [File], installed: [String: PackageVersion]) -> (
        paths: [String], lacking: [String]
    ) {
        let lacking = names.filter { wanted in
            installed[wanted] == nil && !files.contains { $0.answers(wanted) }
        }
        let asked = files.filter { file in names.contains { file.answers($0) } }
        let paths = files.filter { file in
            if asked.contains(file) { return true }
            return !file.isOfOneKernel && !asked.contains { $0.name == file.name }
                && installed[file.name].map { $0 < file.order } ?? true
                && !files.contains { $0.name == file.name && file.order < $0.order }
        }
        return (paths.map(\.path), lacking)
    }

    /// Names and versions of all installed packages, the newest of each.
    private func installedVersions() async throws -> [String: PackageVersion] {
        let command = Command(
            ["rpm", "-qa", "--qf", "%{NAME} %{EPOCH}:%{VERSION}-%{RELEASE}\\n"], deadline: .seconds(120),
            outputLimit: 4 << 20)
        let result = try await guest.runner.run(command)
        guard result.succeeded else {
            throw Failure.command(
                command, result, code: .prerequisites, operation: "install packages from the folder",
                remedy: "Make `\(command.line)` work in the image.")
        }
        var versions: [String: PackageVersion] = [:]
        for words in result.output.lines.map(\.words) where words.count == 2 {
            let version = PackageVersion(words[1])
            versions[words[0]] = versions[words[0]].map { max($0, version) } ?? version
        }
        return versions
    }

    public func install(
        _ names: [String], fromFolder folder: String, progress: @Sendable (String) -> Void
    ) async throws {
        let root = guest.root
        let paths = root.list(folder).filter { $0.hasSuffix(".rpm") }.map { root.real("\(folder)/\($0)") }
        var files: [File] = []
        for path in paths {
            let result = try await guest.runner.run(
                Command([
                    "rpm", "-qp", "--nosignature", "--qf", "%{NAME} %{VERSION}-%{RELEASE} %{ARCH} %{EPOCH}\\n", path,
                ]))
            let words = result.output.words
            guard result.succeeded, words.count == 4 else {
                throw Failure.guest(
                    .payloadCorrupt, "install packages from the folder", "\(path) is not an RPM package.",
                    evidence: result.errors.lines.lastLines(3), remedy: "Give a folder of whole .rpm files.")
            }
            files.append(
                File(
                    path: path, name: words[0], version: "\(words[1]).\(words[2])",
                    order: PackageVersion("\(words[3]):\(words[1])")))
        }
        let (selected, lacking) = Self.selection(names, files, installed: try await installedVersions())
        guard lacking.isEmpty else { throw OfflineFolder.lacks(lacking, files.map { "\($0.name)-\($0.version)" }) }
        do {
            try await commands.require(
                installation(of: selected, ["--disablerepo=*", "--nogpgcheck"]), names, progress)
        } catch {
            throw OfflineFolder.explaining(error)
        }
    }
}
