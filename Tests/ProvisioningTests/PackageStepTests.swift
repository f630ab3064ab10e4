import Contract
import Guest
import GuestFakes
import Synchronization
import SystemPackage
import Testing

@testable import Provisioning

/// The steps that install packages, on guests whose sources answer in each way.
@Suite struct PackageStepTests {
    static let kernel = "6.1.0-25-cloud-amd64"
    static let newer = "6.1.0-26-cloud-amd64"

    /// A Debian 12 that lacks the headers only.
    static func guest(_ more: [String: String] = [:]) throws -> FakeRoot {
        try FakeRoot(
            [
                "/etc/os-release": "ID=debian\nVERSION_ID=12\n", "/proc/sys/kernel/osrelease": kernel,
                "/usr/bin/make": "", "/usr/bin/gcc": "", "/usr/bin/cc": "", "/usr/include/stdio.h": "",
                "/usr/sbin/modprobe": "", "/var/lib/apt/lists/deb_Packages": "", "/var/tmp/x": "",
                "/lib/modules/\(kernel)/modules.dep": "",
                "/boot/grub/grub.cfg": "menuentry 'D' {\n linux /boot/vmlinuz-\(kernel)\n}\n",
            ].merging(more) { $1 }, inMemory: false)
    }

    static func context(
        _ fake: FakeRoot, _ runner: FakeRunner, reboots: Int = 0, _ change: (inout Recipe) -> Void = { _ in }
    ) -> StepContext {
        var recipe = Recipe(gpus: [.simulated], driver: DriverRecipe(version: "570.86.10", sha256: "d", dkms: false))
        change(&recipe)
        return StepContext(
            guest: Guest(root: fake.root, runner: runner, architecture: "x86_64"),
            plan: Plan(runID: "run-1", recipe: recipe, payloads: []), reboots: reboots
        ) { _ in }
    }

    /// Sources that have a newer kernel only, with its headers.
    static func sourcesWithNewerKernel(_ root: SystemRoot, startsIt: Bool = true) -> [String: FakeRunner.Answer] {
        [
            "dpkg-query": FakeRunner.says("linux-image-cloud-amd64 install ok installed\n"),
            "gcc --version": FakeRunner.says("gcc 12\n"),
            "apt-get": { command in
                if command.arguments.contains("linux-headers-\(kernel)") {
                    return CommandResult(
                        .exited(100), output: "E: Unable to locate package linux-headers-\(kernel)\nE: Couldn't find it"
                    )
                }
                guard command.arguments.contains("linux-image-cloud-amd64") else { return CommandResult(.exited(0)) }
                for file in ["modules.dep", "build/Makefile", "build/include/generated/autoconf.h"] {
                    let path = "/lib/modules/\(newer)/\(file)"
                    try root.createDirectory(FilePath(path).removingLastComponent().string)
                    try root.write("", to: path)
                }
                if startsIt {
                    try root.write(
                        "menuentry 'D' {\n linux /boot/vmlinuz-\(newer)\n}\n", to: "/boot/grub/grub.cfg")
                }
                return CommandResult(.exited(0))
            },
        ]
    }

    @Test func replacesAKernelWhoseHeadersAreGone() async throws {
        let fake = try Self.guest()
        let runner = FakeRunner(Self.sourcesWithNewerKernel(fake.root))
        guard case .rebootRequired(let reason) = try await Prerequisites().apply(Self.context(fake, runner)) else {
            Issue.record("no reboot")
            return
        }
        #expect(reason.contains(Self.kernel) && reason.contains(Self.newer))
        #expect(runner.ran.contains { $0.hasSuffix("install linux-image-cloud-amd64 linux-headers-cloud-amd64") })
        // After the reboot all is there.
        try fake.write("/proc/sys/kernel/osrelease", Self.newer)
        #expect(satisfied(try await Prerequisites().check(Self.context(fake, runner, reboots: 1))))
    }

    @Test func keepsTheKernelWhereTold() async throws {
        let fake = try Self.guest()
        let runner = FakeRunner(Self.sourcesWithNewerKernel(fake.root))
        let failure = await #expect(throws: Failure.self) {
            _ = try await Prerequisites().apply(Self.context(fake, runner) { $0.keepKernel = true })
        }
        #expect(failure?.code == .kernelKept && failure?.remedy.contains("--keep-kernel") == true)
        #expect(!runner.ran.contains { $0.contains("linux-image") })
    }

    /// A boot loader that goes on starting the old kernel must not make the guest reboot for ever.
    @Test(arguments: [0, 1]) func givesUpWhereTheNewKernelDoesNotStart(_ reboots: Int) async throws {
        let fake = try Self.guest()
        let runner = FakeRunner(Self.sourcesWithNewerKernel(fake.root, startsIt: false))
        let failure = await #expect(throws: Failure.self) {
            _ = try await Prerequisites().apply(Self.context(fake, runner, reboots: reboots))
        }
        #expect(failure?.code == .headersMissing)
    }

    @Test func blamesTheSourcesWhereNothingIsFound() async throws {
        let fake = try Self.guest()
        try fake.root.remove("/usr/bin/make")
        let runner = FakeRunner([
            "dpkg-query": FakeRunner.says(""),
            "apt-get": FakeRunner.says(
                "E: Unable to locate package make\nE: Unable to locate package linux-headers-\(Self.kernel)",
                status: 100),
        ])
        let failure = await #expect(throws: Failure.self) {
            _ = try await Prerequisites().apply(Self.context(fake, runner))
        }
        #expect(failure?.code == .prerequisites)
    }

    @Test func tellsWhatItWouldDo() async throws {
        let fake = try Self.guest()
        let actions = try await Prerequisites().preview(Self.context(fake, FakeRunner([:])))
        guard case .run(let line)? = actions.first else {
            Issue.record("nothing to run")
            return
        }
        #expect(line.hasSuffix("install linux-headers-\(Self.kernel)"))
        #expect(actions.contains(.reboot("if the kernel had to be replaced")))
    }

    @Test func redirectsADeadMirrorBeforeItInstalls() async throws {
        let fake = try FakeRoot([
            "/etc/os-release": "ID=centos\nVERSION_ID=7\n", "/proc/sys/kernel/osrelease": "3.10.0-1160.el7.x86_64",
            "/etc/yum.repos.d/b.repo":
                "[base]\nmirrorlist=http://mirrorlist.centos.org/?x\n#baseurl=http://mirror.centos.org/centos/7/os/\n",
        ])
        let runner = FakeRunner(["yum": FakeRunner.says(""), "rpm -qa": FakeRunner.says("bash\n")])
        let actions = try await Prerequisites().preview(Self.context(fake, runner))
        guard case .write(let path, let text)? = actions.first else {
            Issue.record("nothing is written")
            return
        }
        #expect(path == "/etc/yum.repos.d/b.repo" && runner.ran.isEmpty)
        #expect(try await Prerequisites().apply(Self.context(fake, runner)) == .applied)
        #expect(try fake.root.text(path) == text && text.contains("baseurl=http://vault.centos.org/7.9.2009/os/"))
        #expect(runner.ran.contains { $0.hasPrefix("yum") && $0.contains("kernel-devel-3.10.0-1160.el7.x86_64") })
    }

    @Test(arguments: [true, false]) func updatesOnce(_ bringsKernel: Bool) async throws {
        let fake = try Self.guest(["/lib/modules/\(Self.newer)/modules.dep": ""])
        let runner = FakeRunner([
            "apt-get": { [root = fake.root] command in
                if bringsKernel, command.arguments.contains("upgrade") {
                    try root.write(
                        "menuentry 'D' {\n linux /boot/vmlinuz-\(Self.newer)\n}\n", to: "/boot/grub/grub.cfg")
                }
                return CommandResult(.exited(0))
            }
        ])
        let step = UpdatePackages()
        let context = { (reboots: Int) -> StepContext in
            Self.context(fake, runner, reboots: reboots) { $0.updatePackages = true }
        }
        #expect(context(0).plan.steps.map(\.id).prefix(3) == [.inspect, .updatePackages, .prerequisites])
        #expect(needed(try await step.check(context(0))))
        let result = try await step.apply(context(0))
        if bringsKernel {
            #expect(result == .rebootRequired("kernel \(Self.newer) was installed, and \(Self.kernel) runs"))
            // The power was cut before the journal said so.
            #expect(needed(try await step.check(context(0))))
            // The reboot ended in the old kernel: said, and not tried for ever.
            #expect(satisfied(try await step.check(context(1))))
            try fake.write("/proc/sys/kernel/osrelease", Self.newer)
        } else {
            #expect(result == .applied)
        }
        #expect(satisfied(try await step.check(context(0))))
        #expect(runner.ran.count == 2)
    }

    /// What an interrupted installation brought counts as brought, and the record is gone afterwards.
    @Test func remembersWhatWasThereBefore() async throws {
        let fake = try Self.guest([StateFolder.path + "/packages-before": "run run-1\nbase-files\n"])
        let runner = FakeRunner([
            "dpkg-query": FakeRunner.says("base-files install ok installed\ngcc install ok installed\n")
        ])
        let context = Self.context(fake, runner)
        let distribution = try #require(Distribution.of(fake.root))
        try await PackageRecord.around(distribution.packageManager(context.guest), distribution, context) {}
        #expect(runner.ran.count == 1 && !fake.root.exists(StateFolder.path + "/packages-before"))
        #expect(try context.changes.read().packages == ["gcc"])
    }

    /// What another run wrote down says nothing of this one: the user's packages since then are not ours.
    @Test func forgetsWhatAnotherRunWroteDown() async throws {
        let fake = try Self.guest([StateFolder.path + "/packages-before": "run run-0\nbase-files\n"])
        let runner = FakeRunner([
            "dpkg-query": FakeRunner.says("base-files install ok installed\ngcc install ok installed\n")
        ])
        let context = Self.context(fake, runner)
        let distribution = try #require(Distribution.of(fake.root))
        try await PackageRecord.around(distribution.packageManager(context.guest), distribution, context) {}
        #expect(try context.changes.read().packages == [])
    }

    /// Told to stop in the middle: what came is found out by the next attempt.
    @Test func keepsTheRecordWhereItCannotLook() async throws {
        let fake = try Self.guest([StateFolder.path + "/packages-before": "run run-1\nbase-files\n"])
        let context = Self.context(fake, FakeRunner(["dpkg-query": { _ in CommandResult(.stopped) }]))
        let distribution = try #require(Distribution.of(fake.root))
        await #expect(throws: CancellationError.self) {
            try await PackageRecord.around(distribution.packageManager(context.guest), distribution, context) {
                throw CancellationError()
            }
        }
        #expect(fake.root.exists(StateFolder.path + "/packages-before"))
    }

    @Test func readsAnArchiveWhateverItsFolders() async throws {
        let fake = try FakeRoot(
            ["/a/debs/gcc_1.deb": "x", "/a/readme": "", "/out/x": "", "/var/tmp/x": ""], inMemory: false)
        let archive = fake.root.real("/packages.tar")
        let tar = try await SubprocessCommandRunner().run(
            Command(["tar", "--create", "--file", archive, "--directory", fake.root.real("/a"), "."]))
        #expect(tar.succeeded)
        let unpacked = try await SubprocessCommandRunner().run(
            PackageArchive.unpacking(archive, into: fake.root.real("/out")))
        #expect(unpacked.succeeded && fake.root.exists("/out/debs/gcc_1.deb"))
        try PackageArchive.flatten("/out", below: "/out", fake.root)
        #expect(fake.root.exists("/out/gcc_1.deb"))
    }
}
