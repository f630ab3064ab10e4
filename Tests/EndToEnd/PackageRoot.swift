import Contract
import Glibc
import Guest
import Subprocess
import Synchronization
import SystemPackage
import Testing

/// A folder in which a real package manager lives, on packages of our own; made by Scripts/package-managers-lane.
final class PackageRoot: Sendable {
    /// What it looks like.
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case el, suse, arch

        /// The program that is tried.
        var program: String {
            switch self {
            case .el: "dnf"
            case .suse: "zypper"
            case .arch: "pacman"
            }
        }

        /// The running kernel.
        var kernel: String {
            switch self {
            case .el: "5.14.0-427.13.1.el9_4.x86_64"
            case .suse: "6.4.0-150600.23.25-default"
            case .arch: "6.16.8-arch3-1"
            }
        }

        /// The one that the sources go on to.
        var newerKernel: String {
            switch self {
            case .el: "5.14.0-427.20.1.el9_4.x86_64"
            case .suse: "6.4.0-150600.23.33-default"
            case .arch: "6.16.9-arch1-1"
            }
        }

        /// An answer of yes to every question.
        func install(_ name: String) -> Command {
            switch self {
            case .el: Command(["dnf", "-y", "install", name], deadline: .seconds(120), mergesErrors: true)
            case .suse:
                Command(["zypper", "--non-interactive", "install", name], deadline: .seconds(120), mergesErrors: true)
            case .arch: Command(["pacman", "-Sy", "--noconfirm", name], deadline: .seconds(120), mergesErrors: true)
            }
        }

        var testDescription: String { program }
    }

    let kind: Kind
    let root: SystemRoot
    let runner: EnteringRunner

    private init(_ kind: Kind, _ pid: String) {
        self.kind = kind
        root = SystemRoot(prefix: FilePath("/proc/\(pid)/root"))
        runner = EnteringRunner(pid: pid, root: root)
    }

    /// Gives `body` a fresh one. Nothing of it is left afterwards, whatever happens: it lives in the mount namespace of a
    /// program that ends with its standard input.
    static func with(_ kind: Kind, _ body: @escaping @Sendable (PackageRoot) async throws -> Void) async throws {
        let (reading, writing) = try FileDescriptor.pipe()
        // Other programs that are started meanwhile must not keep it open.
        _ = fcntl(writing.rawValue, F_SETFD, FD_CLOEXEC)
        let result = try await Subprocess.run(
            .path(FilePath("\(Lane.package)/Scripts/package-managers-lane")),
            arguments: ["hold", kind.rawValue, kind.kernel],
            input: .fileDescriptor(reading, closeAfterSpawningProcess: true), output: .sequence,
            error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
        ) { execution in
            defer { try? writing.close() }
            for try await line in execution.standardOutput.strings() {
                let words = line.split(whereSeparator: \.isWhitespace)
                try #require(words.first == "ready" && words.count == 2, "package-managers-lane said: \(line)")
                try await body(PackageRoot(kind, String(words[1])))
                return true
            }
            return false
        }
        try #require(result.takeClosureResult(), "package-managers-lane made no root")
    }

    var guest: Guest { Guest(root: root, runner: runner, architecture: "x86_64") }

    /// The package manager as the agent finds it. `sleep` comes between two tries where another process has the lock.
    func manager(sleep: @escaping @Sendable () async -> Void = { Issue.record("nothing to wait for") }) throws
        -> any PackageManager
    {
        try #require(Distribution.of(root)).packageManager(guest) { _ in await sleep() }
    }

    /// Runs a shell line that must succeed.
    func shell(_ line: String) async throws {
        let result = try await runner.run("sh", "-ec", line)
        try #require(result.succeeded, "\(line): \(result.output)\(result.errors)")
    }

    /// The repository that the sources have from now on.
    func turnSources(to letter: String) async throws {
        try await shell("ln -sfn /srv/repositories/\(kind.rawValue)-\(letter) /srv/sources")
    }

    /// The sources are at a mirror that nothing reaches; what was fetched before is forgotten.
    func loseNetwork() async throws {
        let file =
            switch kind {
            case .el: "/etc/yum.repos.d/rocky.repo"
            case .suse: "/etc/zypp/repos.d/oss.repo"
            case .arch: "/etc/pacman.conf"
            }
        let old = kind == .suse ? "dir:///srv/sources" : "file:///srv/sources"
        try await shell(
            "sed -i 's|\(old)|http://mirror.invalid/x|' \(file); rm -rf /var/cache/dnf /var/cache/zypp /var/lib/pacman/sync"
        )
    }

    /// "Boots" another kernel.
    func boot(_ kernel: String) async throws {
        try await shell("echo \(kernel) >/run/lane/osrelease")
    }
}

/// Runs programs inside the root, as the agent would run them there, and remembers what they said.
final class EnteringRunner: CommandRunner {
    private let pid: String
    private let root: SystemRoot
    private let runner = SubprocessCommandRunner()
    private let log = Mutex<[(command: Command, result: CommandResult)]>([])

    init(pid: String, root: SystemRoot) {
        self.pid = pid
        self.root = root
    }

    var ran: [(command: Command, result: CommandResult)] { log.withLock { $0 } }

    func run(_ command: Command) async throws -> CommandResult {
        let program = command.arguments.first ?? ""
        guard program.contains("/") ? root.exists(program) : root.program(program) != nil else {
            return CommandResult(.notFound, errors: "\(program): not found")
        }
        var entering = command
        entering.arguments =
            ["nsenter", "--target", pid, "--mount", "--net", "--root", "--wd", "--"] + command.arguments
        let begun = ContinuousClock.now
        let result = try await runner.run(entering)
        let milliseconds = Int((ContinuousClock.now - begun) / .milliseconds(1))
        print("  | \(command.line) → \(result.endingDescription), \(milliseconds) ms")
        log.withLock { $0.append((command, result)) }
        return result
    }
}

extension PackageRoot {
    /// Keeps what a program said as a fixture of the unit tests (`UPDATE_GOLDEN`): Fixtures/package-managers/recorded.
    func record(
        _ name: String, of packages: [String], means: String, _ run: (command: Command, result: CommandResult)?
    ) throws {
        let (command, result) = try #require(run, "\(kind.program) never said what \(name) is to record")
        guard getenv("UPDATE_GOLDEN") != nil else { return }
        let place = root.prefix.string
        let text = [
            "# \(try program) in Debian 12, recorded by Scripts/package-managers-lane", "# ran: \(command.line)",
            "# status: \(result.status)", "# asked for: \(packages.joined(separator: " "))", "# means: \(means)",
            result.output,
        ].joined(separator: "\n").split(separator: place, omittingEmptySubsequences: false).joined()
        let folder = "\(Lane.package)/Fixtures/package-managers/recorded"
        try SystemRoot.live.createDirectory(folder)
        try SystemRoot.live.write(text, to: "\(folder)/\(kind.program)-\(name).txt")
    }

    /// "dnf 4.14.0-3+deb12u1", as Debian's package database has it.
    private var program: String {
        get throws {
            let package = kind == .arch ? "pacman-package-manager" : kind.program
            let status = try root.text("/var/lib/dpkg/status").split(separator: "\n\n")
            let fields = status.first { $0.hasPrefix("Package: \(package)\n") }?.split(separator: "\n") ?? []
            let version = fields.first { $0.hasPrefix("Version: ") }?.dropFirst("Version: ".count) ?? ""
            return "\(kind.program) \(version)"
        }
    }
}
