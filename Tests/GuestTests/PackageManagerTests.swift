import Contract
import GuestFakes
import Synchronization
import Testing

@testable import Guest

@Suite struct AptPackagesTests {
    static let names = ["gcc", "make"]

    @Test func tellsWhatIsMissing() async throws {
        let runner = FakeRunner([
            "dpkg-query": FakeRunner.says("gcc install ok installed\nmake deinstall ok config-files\n")
        ])
        let packages = AptPackages(Guest(root: try FakeRoot().root, runner: runner))
        #expect(try await packages.missing(Self.names) == ["make"])
    }

    /// What is not in a list that was cut short would be taken for not installed.
    @Test(
        arguments: [
            CommandResult(.timedOut, output: "gcc\n"), CommandResult(.stopped),
            CommandResult(.exited(0), output: "gcc\n", truncated: true),
        ])
    func aListIsWholeOrNone(_ result: CommandResult) async throws {
        let guest = Guest(
            root: try FakeRoot().root,
            runner: FakeRunner(["dpkg-query": { _ in result }, "rpm": { _ in result }, "pacman": { _ in result }]))
        for name in ["debian", "rocky", "opensuse-leap", "arch"] {
            let fake = try FakeRoot(["/etc/os-release": "ID=\(name)\n"])
            let manager = try #require(Distribution.of(fake.root)).packageManager(guest)
            await #expect(throws: Failure.self) { try await manager.installed() }
        }
    }

    @Test func updatesTheListsOnlyWhereTheyAreEmpty() async throws {
        let fake = try FakeRoot(["/var/lib/apt/lists/deb_Packages": ""])
        let runner = FakeRunner(["apt-get": FakeRunner.says("")])
        try await AptPackages(Guest(root: fake.root, runner: runner)).install(Self.names) { _ in }
        #expect(runner.ran.count == 1 && runner.ran[0].hasSuffix("install gcc make"))
        try fake.root.remove("/var/lib/apt/lists/deb_Packages")
        try await AptPackages(Guest(root: fake.root, runner: runner)).install(Self.names) { _ in }
        #expect(runner.ran.count == 3 && runner.ran[1].hasSuffix("update"))
    }

    @Test(
        arguments: [
            ("E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7", FailureCode.packagesLocked),
            ("Err:1 http://x\n  Temporary failure resolving 'x'", .prerequisites),
            ("E: The repository has no Release file", .prerequisites),
            ("E: You don't have enough free space in /var/cache/apt/archives/.", .guestSpace),
        ] as [(String, FailureCode)])
    func namesTheFailure(_ text: String, _ code: FailureCode) async throws {
        let runner = FakeRunner(["apt-get": FakeRunner.says(text, status: 100)])
        let failure = await #expect(throws: Failure.self) {
            try await Self.packages(try FakeRoot(), runner).install(Self.names) { _ in }
        }
        #expect(failure?.code == code && failure?.evidence.isEmpty == false)
    }

    private static func packages(_ fake: FakeRoot, _ runner: FakeRunner) -> AptPackages {
        AptPackages(Guest(root: fake.root, runner: runner), sleep: { #expect($0 == .seconds(5)) })
    }

    @Test func waitsForTheListsLock() async throws {
        let fake = try FakeRoot(["/run/cloud-init/x": ""])
        let locked = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)"
        let runs = Mutex(0)
        let runner = FakeRunner([
            "cloud-init status --wait": FakeRunner.says(""),
            "apt-get": { _ in
                runs.withLock { $0 += 1 }
                return runs.withLock { $0 } < 4
                    ? CommandResult(.exited(100), output: locked) : CommandResult(.exited(0))
            },
        ])
        try await Self.packages(fake, runner).install(Self.names) { _ in }
        #expect(runner.ran.first == "cloud-init status --wait")
        #expect(runner.ran.filter { $0.hasSuffix("update") }.count == 4 && runner.ran.count == 6)
    }

    @Test func givesUpALockThatStays() async throws {
        let runner = FakeRunner([
            "apt-get": FakeRunner.says("E: Unable to lock directory /var/lib/apt/lists/", status: 100)
        ])
        let fake = try FakeRoot(["/var/lib/apt/lists/deb_Packages": ""])
        let failure = await #expect(throws: Failure.self) {
            try await Self.packages(fake, runner).install(Self.names) { _ in }
        }
        #expect(failure?.code == .packagesLocked && runner.ran.count == 121)
    }

    @Test(arguments: [0, 100] as [Int32]) func triesInSpiteOfADeadSource(_ status: Int32) async throws {
        let runner = FakeRunner([
            "apt-get -q -o": FakeRunner.says("E: The repository 'http://dead' has no Release file.", status: 100),
            "apt-get -q -y": FakeRunner.says("E: Unable to locate package gcc", status: status),
        ])
        let missing: PackagesNotFound?
        do {
            try await Self.packages(try FakeRoot(), runner).install(Self.names) { _ in }
            missing = nil
        } catch let error as PackagesNotFound {
            missing = error
        }
        #expect((missing == nil) == (status == 0) && runner.ran.count == 2)
        if let missing {
            #expect(missing.names == ["gcc"] && missing.failure.evidence.count == 2)
            #expect(missing.failure.evidence[0].contains("http://dead"))
        }
    }

    /// An agent that was killed while dpkg ran meets that when it is continued.
    @Test func letsAnInterruptedDpkgFinish() async throws {
        let fake = try FakeRoot(["/var/lib/apt/lists/deb_Packages": ""])
        let runs = Mutex(0)
        let runner = FakeRunner([
            "dpkg --configure -a": FakeRunner.says(""),
            "apt-get": { _ in
                runs.withLock { $0 += 1 }
                return runs.withLock { $0 } == 1
                    ? CommandResult(
                        .exited(100),
                        output:
                            "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem."
                    )
                    : CommandResult(.exited(0))
            },
        ])
        try await Self.packages(fake, runner).install(Self.names) { _ in }
        #expect(runner.ran.count == 3 && runner.ran[1] == "dpkg --configure -a")
    }

    @Test func resolvesFromAFolderAlone() async throws {
        let fake = try FakeRoot(["/p/gcc_12_amd64.deb": "12345", "/p/note.txt": ""])
        let runner = FakeRunner([
            "dpkg-deb -f": FakeRunner.says("Package: gcc\nVersion: 12\nArchitecture: amd64\n"),
            "sha256sum": FakeRunner.says("abc  x\n"), "apt-get": FakeRunner.says(""),
        ])
        try await Self.packages(fake, runner).install(["gcc"], fromFolder: "/p") { _ in }
        #expect(
            try fake.root.text("/p/Packages")
                == "Package: gcc\nVersion: 12\nArchitecture: amd64\nFilename: ./gcc_12_amd64.deb\nSize: 5\nSHA256: abc\n\n"
        )
        let install = try #require(runner.ran.last)
        #expect(install.hasSuffix("install gcc") && install.contains("Dir::Etc::SourceParts=/dev/null"))
        #expect(try fake.root.text("/p/.apt/sources.list").hasPrefix("deb [trusted=yes] file:"))
    }

    @Test func namesWhatTheFolderLacks() async throws {
        let runner = FakeRunner([
            "apt-get -q -o": FakeRunner.says(""),
            "apt-get -q -y": FakeRunner.says("E: Unable to locate package linux-headers-6.1", status: 100),
        ])
        let fake = try FakeRoot(["/p/x": ""])
        let missing = await #expect(throws: PackagesNotFound.self) {
            try await Self.packages(fake, runner)
                .install(["linux-headers-6.1"], fromFolder: "/p") { _ in }
        }
        #expect(missing?.names == ["linux-headers-6.1"] && fake.root.exists("/p/x"))
    }
}

@Suite struct PackageManagerTests {
    static func manager(_ release: String, _ fake: FakeRoot, _ runner: FakeRunner) throws -> any PackageManager {
        try fake.write("/etc/os-release", release)
        return try #require(Distribution.of(fake.root)).packageManager(Guest(root: fake.root, runner: runner)) {
            #expect($0 == .seconds(5))
        }
    }

    static let centOS7 = "ID=centos\nVERSION_ID=7\n"
    static let rocky = "ID=rocky\nVERSION_ID=9.4\n"
    static let sles = "ID=sles\nVERSION_ID=15.6\n"
    static let arch = "ID=arch\n"

    struct Said: Sendable, CustomTestStringConvertible {
        var release: String
        var text: String
        var status: Int32 = 1
        /// Nil: packages that are not to be had.
        var code: FailureCode?
        var testDescription: String { text }
    }

    /// What each says, and what that means. The texts are those of the programs.
    static let said = [
        Said(
            release: centOS7, text: "Existing lock /var/run/yum.pid: another copy is running as pid 812.", status: 200,
            code: .packagesLocked),
        Said(
            release: centOS7,
            text: "Another app is currently holding the yum lock; exiting as configured by exit_on_lock",
            status: 200, code: .packagesLocked),
        Said(
            release: centOS7,
            text: "Could not retrieve mirrorlist\n14: curl#6 - \"Could not resolve host: mirrors.example\"",
            code: .prerequisites),
        Said(
            release: centOS7,
            text:
                "Error Summary\n-------------\nDisk Requirements:\n  At least 99MB more space needed on the / filesystem.",
            code: .guestSpace),
        Said(release: centOS7, text: "No package gcc available.\nError: Nothing to do"),
        Said(release: centOS7, text: "No package gcc available.\nComplete!", status: 0),
        Said(release: rocky, text: "Error: Unable to find a match: gcc"),
        Said(release: rocky, text: "No match for argument: gcc\nFailed to resolve the transaction:"),
        Said(
            release: rocky, text: "Failed to obtain rpm transaction lock. Another transaction is in progress.",
            code: .packagesLocked),
        Said(
            release: rocky, text: "Error: There are no enabled repositories in \"/etc/yum.repos.d\".",
            code: .prerequisites),
        Said(release: rocky, text: "Error: GPG check FAILED", code: .prerequisites),
        Said(
            release: sles, text: "System management is locked by the application with pid 1211 (zypper).", status: 7,
            code: .packagesLocked),
        Said(
            release: sles, text: "'gcc' not found in package names. Trying capabilities.\nNo provider of 'gcc' found.",
            status: 104),
        Said(release: sles, text: "Warning: Skipping repository\nNo provider of 'gcc' found.", status: 106),
        Said(
            release: sles, text: "Warning: No repositories defined. Operating only with the installed resolvables.",
            status: 6, code: .prerequisites),
        // The mirror has a newer package than the metadata name.
        Said(
            release: sles, text: "File './x86_64/gcc-7-3.9.x86_64.rpm' not found on medium 'https://example/'",
            status: 8, code: .prerequisites),
        Said(release: arch, text: "error: target not found: gcc"),
        Said(
            release: arch, text: "error: failed to commit transaction (not enough free disk space)", code: .guestSpace),
        Said(release: arch, text: "error: gcc: signature from \"X\" is unknown trust", code: .prerequisites),
    ]

    @Test(arguments: said) func namesTheFailure(_ said: Said) async throws {
        let fake = try FakeRoot(["/var/lib/pacman/sync/core.db": "", "/proc/7/comm": "pacman\n"])
        let answer: FakeRunner.Answer = { command in
            command.arguments.contains("install") || command.arguments.contains("-S")
                ? CommandResult(.exited(said.status), output: said.text) : CommandResult(.exited(0))
        }
        let runner = FakeRunner(["yum": answer, "dnf": answer, "zypper": answer, "pacman": answer])
        let manager = try Self.manager(said.release, fake, runner)
        do {
            try await manager.install(["gcc"]) { _ in }
            Issue.record("no failure")
        } catch let failure as Failure {
            #expect(failure.code == said.code && !failure.evidence.isEmpty && !failure.remedy.isEmpty)
            #expect(failure.code != .packagesLocked || runner.ran.count == 121)
        } catch let missing as PackagesNotFound {
            #expect(said.code == nil && missing.names == ["gcc"])
        }
    }

    @Test(arguments: [100, 102, 103, 107] as [Int32]) func takesZyppersNewsForASuccess(_ status: Int32) async throws {
        let runner = FakeRunner(["zypper": FakeRunner.says("", status: status)])
        try await Self.manager(Self.sles, try FakeRoot(), runner).install(["gcc"]) { _ in }
        #expect(runner.ran.count == 1)
    }

    @Test func updatesAgainWhereZypperUpdatedItself() async throws {
        let runs = Mutex(0)
        let runner = FakeRunner([
            "zypper --non-interactive refresh": FakeRunner.says(""),
            "zypper --non-interactive update": { _ in
                CommandResult(
                    .exited(
                        runs.withLock {
                            $0 += 1; return $0
                        } == 1 ? 103 : 0))
            },
        ])
        try await Self.manager(Self.sles, try FakeRoot(), runner).updateAll { _ in }
        #expect(runner.ran.count == 3)
    }

    /// A pacman that was killed leaves its lock; one that lives holds it.
    @Test(arguments: [true, false]) func removesALockOfNobody(_ lives: Bool) async throws {
        let lock = "/var/lib/pacman/db.lck"
        let fake = try FakeRoot(["/var/lib/pacman/sync/core.db": "", lock: ""])
        if lives { try fake.write("/proc/7/comm", "pacman\n") }
        let runner = FakeRunner([
            "pacman": { [root = fake.root] _ in
                root.exists(lock)
                    ? CommandResult(.exited(1), output: "error: failed to init transaction (unable to lock database)")
                    : CommandResult(.exited(0))
            }
        ])
        let manager = try Self.manager(Self.arch, fake, runner)
        if lives {
            let failure = await #expect(throws: Failure.self) { try await manager.install(["gcc"]) { _ in } }
            #expect(failure?.code == .packagesLocked && fake.root.exists(lock))
        } else {
            try await manager.install(["gcc"]) { _ in }
            #expect(!fake.root.exists(lock) && runner.ran.count == 2)
        }
    }

    @Test(
        arguments: [
            ("6.16.8.arch3-1", "6.16.8-arch3-1", true), ("6.16.9.arch1-1", "6.16.8-arch3-1", false),
            ("6.12.49-1", "6.12.49-1-lts", true), ("6.12.4-1", "6.12.49-1-lts", false),
            ("6.16.8.zen3-1", "6.16.8-zen3-1-zen", true), ("6.16.8.hardened1-1", "6.16.8-hardened1-1-hardened", true),
        ])
    func comparesAnArchPackageWithAKernel(_ version: String, _ release: String, _ same: Bool) {
        #expect(PacmanPackages.belongs(version, to: release) == same)
    }

    /// A capability may be found where no package has the name; only some other repository was left out.
    @Test func takesACapabilityForFound() async throws {
        let runner = FakeRunner([
            "zypper": FakeRunner.says("'gcc' not found in package names. Trying capabilities.\n", status: 106)
        ])
        try await Self.manager(Self.sles, try FakeRoot(), runner).install(["gcc"]) { _ in }
        #expect(runner.ran.count == 1)
    }

    @Test func choosesFromAFolderOfRPMs() {
        func file(_ name: String, _ version: String) -> DnfPackages.File {
            DnfPackages.File(
                path: "/p/\(name)-\(version).rpm", name: name, version: "\(version).x86_64",
                order: PackageVersion("(none):\(version)"))
        }
        let files = [
            file("gcc", "11.4-2"), file("cpp", "11.4-2"), file("bash", "5-1"), file("glibc", "2.34-100"),
            file("glibc", "2.34-83"), file("openssl", "3.0-9"), file("zlib", "1.2-2"),
            file("kernel-headers", "5.14.0-2"),
            file("kernel-srpm-macros", "1.0-1"), file("kernel-core", "5.14.0-2"), file("kernel-devel", "5.14.0-1"),
            file("kernel-devel", "5.14.0-2"),
        ]
        let (paths, lacking) = DnfPackages.selection(
            ["gcc", "make", "kernel-devel-5.14.0-2.x86_64"], files,
            installed: [
                "bash": PackageVersion("(none):5-1"), "glibc": PackageVersion("(none):2.34-83"),
                "openssl": PackageVersion("1:1.1-1"), "zlib": PackageVersion("(none):1.2-10"),
            ])
        #expect(lacking == ["make"])
        #expect(
            paths
                == [
                    "gcc-11.4-2", "cpp-11.4-2", "glibc-2.34-100", "kernel-headers-5.14.0-2", "kernel-srpm-macros-1.0-1",
                    "kernel-devel-5.14.0-2",
                ].map { "/p/\($0).rpm" })
    }

    @Test func installsFromAFolderOfRPMs() async throws {
        let fake = try FakeRoot(["/p/a.rpm": "", "/p/b.rpm": ""])
        let runner = FakeRunner([
            "rpm -qa": FakeRunner.says("glibc (none):2.34-83\nbash (none):5-1\n"),
            "rpm -qp": { command in
                let isNew = command.arguments.last?.hasSuffix("/a.rpm") == true
                return CommandResult(.exited(0), output: "\(isNew ? "glibc 2.34-100" : "bash 5-1") x86_64 (none)\n")
            },
            "dnf": FakeRunner.says(""),
        ])
        try await Self.manager(Self.rocky, fake, runner).install(["glibc"], fromFolder: "/p") { _ in }
        #expect(runner.ran.last?.hasSuffix("install \(fake.root.real("/p/a.rpm"))") == true)
    }

    /// What an old image's databases say of headers is of no use.
    @Test(arguments: [("6.16.8.arch3-1", true), ("6.17.1.arch1-1", false)])
    func asksForHeadersOfToday(_ offered: String, _ same: Bool) async throws {
        let runner = FakeRunner([
            "pacman -Sy --noconfirm": FakeRunner.says(""), "pacman -Sp": FakeRunner.says(offered + "\n"),
        ])
        let fake = try FakeRoot(["/var/lib/pacman/sync/core.db": ""])
        let manager = try Self.manager(Self.arch, fake, runner)
        #expect(try await manager.offersHeaders(["linux-headers"], of: KernelIdentity("6.16.8-arch3-1")) == same)
        #expect(runner.ran.first == "pacman -Sy --noconfirm")
    }

    @Test func choosesFromAFolderOfArchs() {
        #expect(PacmanPackages.File("linux-lts-headers-6.12.49-1-x86_64.pkg.tar.zst")?.name == "linux-lts-headers")
        #expect(PacmanPackages.File("gcc-15.1-1-x86_64.pkg.tar.zst.sig") == nil)
        let files = [
            "gcc-15.1-2", "gcc-libs-15.1-2", "glibc-2.42-1", "bash-1:5.3-1", "linux-6.17-1", "linux-api-headers-6.16-1",
            "linux-lts-headers-6.12.49-1", "zlib-1.3-1",
        ].compactMap { PacmanPackages.File($0 + "-x86_64.pkg.tar.zst") }
        let wanted = PacmanPackages.selection(
            ["gcc", "linux-lts-headers"], files,
            installed: [
                "glibc": PackageVersion("2.42-1"), "gcc-libs": PackageVersion("15.1-1"),
                "bash": PackageVersion("9.9-9"),
                "linux": PackageVersion("6.16-1"), "zlib": PackageVersion("1:1.2-1"),
            ])
        #expect(wanted.map(\.name) == ["gcc", "gcc-libs", "bash", "linux-api-headers", "linux-lts-headers"])
    }
}

@Suite struct CentOSVaultTests {
    static let vault = CentOSVault(folder: "7.9.2009")

    @Test(
        arguments: [
            (
                "# Base\n[base]\nmirrorlist=http://mirrorlist.centos.org/?release=7\n#baseurl=http://mirror.centos.org/centos/$releasever/os/$basearch/\ngpgcheck=1\n",
                "# Base\n[base]\n#mirrorlist=http://mirrorlist.centos.org/?release=7\nbaseurl=http://vault.centos.org/7.9.2009/os/$basearch/\ngpgcheck=1\n"
            ),
            (
                "[sclo]\nbaseurl=http://mirror.centos.org/centos/7/sclo/$basearch/rh/\nenabled=1",
                "[sclo]\nbaseurl=http://vault.centos.org/7.9.2009/sclo/$basearch/rh/\nenabled=1"
            ),
            (
                "[baseos]\nmirrorlist=http://mirrorlist.centos.org/?release=$stream\n#baseurl=http://mirror.centos.org/$contentdir/$stream/BaseOS/$basearch/os/\n",
                "[baseos]\n#mirrorlist=http://mirrorlist.centos.org/?release=$stream\nbaseurl=http://vault.centos.org/8-stream/BaseOS/$basearch/os/\n"
            ),
            // A mirror of the site's own, with the old address as a comment, and repositories of others.
            (
                "[base]\nbaseurl=http://mirror.site/centos/7/\n#baseurl=http://mirror.centos.org/centos/7/os/\n",
                "[base]\nbaseurl=http://mirror.site/centos/7/\n#baseurl=http://mirror.centos.org/centos/7/os/\n"
            ),
            (
                "[epel]\nmetalink=https://mirrors.fedoraproject.org/metalink?repo=epel-7\n",
                "[epel]\nmetalink=https://mirrors.fedoraproject.org/metalink?repo=epel-7\n"
            ),
        ])
    func redirectsOnce(_ old: String, _ new: String) {
        #expect(Self.vault.redirecting(old) == new)
        #expect(Self.vault.redirecting(new) == new)
    }
}
