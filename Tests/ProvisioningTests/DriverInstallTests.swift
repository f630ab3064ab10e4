import Contract
import Foundation
import Guest
import GuestFakes
import Synchronization
import Testing

@testable import Provisioning

/// The driver step around its installer: flavours, signing, DKMS, compilers and logs.
@Suite struct DriverInstallTests {
    static let absent: FakeRunner.Answer = FakeRunner.says("", status: 1)

    /// The installer's command line, of the run that installs.
    static func installation(_ bench: Bench) throws -> String {
        try #require(bench.runner.ran.last { $0.contains("NVIDIA.run") })
    }

    @Test(
        arguments: [
            ("580.65.06", KernelModuleType?.none, "1234:11e8", "--kernel-module-type=proprietary", false),
            ("580.65.06", nil, "10de:20b5", "--kernel-module-type=open", true),
            ("550.54.14", nil, "10de:20b5", "", false),
            ("550.54.14", .open, "10de:20b5", "--kernel-module-build-directory=kernel-open", false),
            ("580.65.06", .proprietary, "10de:20b5", "--kernel-module-type=proprietary", false),
            ("390.42", nil, "10de:1c82", "", false),
        ] as [(String, KernelModuleType?, String, String, Bool)])
    func namesTheFlavour(
        _ version: String, _ asked: KernelModuleType?, _ gpu: String, _ flag: String, _ isAsked: Bool
    ) async throws {
        let recipe = DriverRecipe(version: version, sha256: "d", kernelModules: asked)
        let device = "/sys/bus/pci/devices/0000:01:00.0"
        let bench = try Bench(
            Bench.drive.merging([
                device + "/vendor": "0x\(gpu.prefix(4))\n", device + "/device": "0x\(gpu.suffix(4))\n",
                device + "/class": "0x030200\n",
            ]) { $1 }, gpus: [ExpectedGPU(vendor: String(gpu.prefix(4)), device: nil, count: 1, simulated: false)],
            driver: recipe,
            Bench.digest.merging([
                "modinfo": Self.absent,
                "sh /": { command in
                    let asks = command.arguments.contains("--print-recommended-kernel-module-type")
                    return CommandResult(.exited(0), output: asks ? "Uncompressing NVIDIA...\nopen\n" : "")
                },
            ]) { $1 })
        try StateFolder(bench.fake.root).create()
        #expect(try await InstallDriver(recipe: recipe).apply(bench.context()) == .applied)
        let line = try Self.installation(bench)
        #expect(flag.isEmpty ? !line.contains("kernel-module") : line.contains(flag))
        #expect(bench.runner.ran.contains { $0.contains("--print-recommended") } == isAsked)
    }

    @Test(
        arguments: [
            (KernelModuleType?.none, "NVIDIA", true), (.proprietary, "NVIDIA", true), (.open, "NVIDIA", false),
            (.open, "Dual MIT/GPL", true),
        ] as [(KernelModuleType?, String, Bool)])
    func looksAtTheInstalledFlavour(_ asked: KernelModuleType?, _ license: String, _ fits: Bool) async throws {
        let recipe = DriverRecipe(version: "580.65.06", sha256: "d", kernelModules: asked)
        let bench = try Bench(
            ["/usr/bin/nvidia-smi": "", "/usr/bin/nvidia-uninstall": ""], driver: recipe,
            [
                "modinfo -F version nvidia": FakeRunner.says("580.65.06\n"),
                "modinfo -F license nvidia": FakeRunner.says(license + "\n"),
            ])
        let step = InstallDriver(recipe: recipe)
        #expect(satisfied(try await step.check(bench.context())) == fits)
        #expect(((try? await step.verify(bench.context())) != nil) == fits)
        let preview = try await step.preview(bench.context())
        #expect(preview.contains(.run("/usr/bin/nvidia-uninstall --silent")) == !fits)
    }

    static func pair() throws -> (recipe: ModuleSigning, payloads: [Payload]) {
        func payload(_ role: Payload.Role, _ file: String) throws -> Payload {
            Payload(
                role: role, fileName: file, size: Int64(try DriverObstacleTests.bytes(file).count), sha256: file,
                headSHA256: "", tailSHA256: "", location: .file(path: "/run/\(file)"))
        }
        let (key, certificate) = (
            try payload(.signingKey, "key.pem"), try payload(.signingCertificate, "certificate.pem")
        )
        return (
            ModuleSigning(
                key: PayloadIdentity(fileName: key.fileName, sha256: key.sha256),
                certificate: PayloadIdentity(fileName: certificate.fileName, sha256: certificate.sha256)),
            [key, certificate]
        )
    }

    static let sums: FakeRunner.Answer = { command in
        let path = command.arguments.last ?? ""
        return CommandResult(
            .exited(0), output: (path.contains("key.pem") ? "key.pem" : "certificate.pem") + "  \(path)\n")
    }

    static func signingBench(
        _ files: [String: String] = [:], _ answers: [String: FakeRunner.Answer] = [:]
    ) throws -> (bench: Bench, recipe: DriverRecipe) {
        let (signing, payloads) = try pair()
        let recipe = DriverRecipe(version: "470.256.02", sha256: "d", signing: signing)
        let bench = try Bench(
            Bench.drive.merging([
                "/run/key.pem": String(decoding: try DriverObstacleTests.bytes("key.pem"), as: UTF8.self),
                "/run/certificate.pem": String(
                    decoding: try DriverObstacleTests.bytes("certificate.pem"), as: UTF8.self),
                "/usr/sbin/dkms": "",
            ]) { $1 }.merging(files) { $1 }, driver: recipe, payloads: payloads,
            Bench.digest.merging(["sha256sum": sums]) { $1 }.merging(answers) { $1 })
        try StateFolder(bench.fake.root).create()
        return (bench, recipe)
    }

    static func signingFolders(_ bench: Bench) -> [String] {
        bench.fake.root.list("/run").filter { $0.hasPrefix("gpu-guest-agent") }
    }

    @Test func signsOutOfMemory() async throws {
        let seen = Mutex<[String]>([])
        let bench = Mutex<Bench?>(nil)
        let (made, recipe) = try Self.signingBench(
            ["/run/gpu-guest-agent-signing-killed/key.pem": "of a run that was killed"],
            [
                "modinfo": Self.absent, "dkms status": FakeRunner.says(""),
                "sh /": { command in
                    // What the installer finds: the certificate as DER, both for root alone.
                    for argument in command.arguments where argument.contains("module-signing") {
                        let path = String(argument.split(separator: "=")[1])
                        let bytes = try bench.withLock { try $0?.fake.root.bytes(path) } ?? []
                        seen.withLock { $0.append("\(argument.split(separator: "=")[0]) \(bytes.first ?? 0)") }
                    }
                    return CommandResult(.exited(0))
                },
            ])
        bench.withLock { $0 = made }
        #expect(try await InstallDriver(recipe: recipe).apply(made.context()) == .applied)
        #expect(
            seen.withLock { $0 } == ["--module-signing-secret-key 45", "--module-signing-public-key 48"])
        #expect(try !Self.installation(made).contains("--dkms"))
        #expect(Self.signingFolders(made) == [])
        // Neither journal nor state folder has seen the key.
        let said = made.events.withLock { "\($0)" }
        #expect(!said.contains("PRIVATE KEY"))
        #expect(made.events.withLock { $0.contains { "\($0)".contains("not registered with DKMS") } })
        bench.withLock { $0 = nil }
    }

    @Test func leavesNothingOfTheKeyBehindAFailure() async throws {
        let (bench, recipe) = try Self.signingBench(
            [:], ["modinfo": Self.absent, "dkms status": FakeRunner.says(""), "sh /": FakeRunner.says("", status: 1)])
        await #expect(throws: Failure.self) { try await InstallDriver(recipe: recipe).apply(bench.context()) }
        #expect(Self.signingFolders(bench) == [])
    }

    @Test(arguments: [true, false]) func refusesACertificateThatTheKernelDoesNotKnow(_ enforced: Bool) async throws {
        let (bench, _) = try Self.signingBench([
            "/proc/keys": "0a I------ 1 perm 1f030000 0 0 asymmetri Debian CA: 6ccece: X509.rsa bb419ea1 []\n",
            "/sys/module/module/parameters/sig_enforce": enforced ? "Y" : "N",
        ])
        let failure = try await DriverObstacles(bench.context())?.first()
        #expect(failure?.code == (enforced ? .secureBoot : nil))
        #expect(failure.map { $0.remedy.contains("Enrol") } ?? true)
        #expect(Self.signingFolders(bench) == [])
        #expect(bench.events.withLock { $0.map(\.kind) } == (enforced ? [] : ["warning"]))
    }

    @Test func refusesAKeyThatIsNotThePlans() async throws {
        let (bench, _) = try Self.signingBench([:], ["sha256sum": FakeRunner.says("0000  x\n")])
        #expect(try await DriverObstacles(bench.context())?.first()?.code == .payloadCorrupt)
        #expect(Self.signingFolders(bench) == [])
    }

    /// `dkms add` was done, and the agent killed.
    @Test(arguments: [true, false]) func ridsDKMSOfAnInterruptedRun(_ removable: Bool) async throws {
        let left = Mutex(true)
        let bench = try Bench(
            Bench.drive.merging([
                "/usr/sbin/dkms": "", "/var/lib/dkms/nvidia/470.256.02/source": "",
            ]) { $1 },
            Bench.digest.merging([
                "modinfo": Self.absent, "sh /": FakeRunner.says(""),
                "dkms status": { _ in
                    CommandResult(.exited(0), output: left.withLock { $0 } ? "nvidia/470.256.02: added\n" : "")
                },
                "dkms remove -m nvidia -v 470.256.02 --all": { _ in
                    if removable { left.withLock { $0 = false } }
                    return CommandResult(.exited(removable ? 0 : 3))
                },
            ]) { $1 })
        try StateFolder(bench.fake.root).create()
        let preview = try await DriverStepTests.step.preview(bench.context())
        #expect(preview.contains(.run("dkms remove -m nvidia -v 470.256.02 --all")))
        #expect(try await DriverStepTests.step.apply(bench.context()) == .applied)
        #expect(try Self.installation(bench).contains("--dkms"))
        #expect(bench.fake.root.isDirectory("/var/lib/dkms/nvidia/470.256.02") == removable)
    }

    /// nvidia-persistenced holds the module: it goes before the driver does.
    @Test func stopsTheDaemonBeforeItTakesADriverOut() async throws {
        let bench = try Bench(
            Bench.drive.merging([
                "/usr/bin/nvidia-uninstall": "", PersistenceDaemon.unitPath: "",
                "/proc/modules": "nvidia 1 1 - Live 0x0\n",
            ]) { $1 },
            [
                "modinfo -F version nvidia": FakeRunner.says("390.42\n"), "systemctl stop": FakeRunner.says(""),
                "/usr/bin/nvidia-uninstall --silent": FakeRunner.says(""),
                "modprobe -r nvidia": FakeRunner.says("modprobe: FATAL: Module nvidia is in use.", status: 1),
            ])
        try StateFolder(bench.fake.root).create()
        guard case .rebootRequired(let reason) = try await DriverStepTests.step.apply(bench.context()) else {
            Issue.record("no reboot")
            return
        }
        #expect(reason.contains("390.42"))
        let changes = bench.runner.ran.filter { !$0.hasPrefix("modinfo") }
        #expect(changes.first == "systemctl stop nvidia-persistenced.service")
        #expect(changes.dropFirst().first == "/usr/bin/nvidia-uninstall --silent")
        #expect(DriverStamp.replaced(bench.fake.root) == "390.42")
    }

    /// What an attempt that was cut short left loaded makes the installer give up, whatever its version.
    @Test func unloadsWhatATornAttemptLeft() async throws {
        let bench = try Bench(
            Bench.drive.merging(["/proc/modules": "nvidia 1 1 - Live 0x0\n", PersistenceDaemon.unitPath: ""]) { $1 },
            [
                "modinfo -F version nvidia": FakeRunner.says("470.256.02\n"), "systemctl stop": FakeRunner.says(""),
                "modprobe -r nvidia": FakeRunner.says("modprobe: FATAL: Module nvidia is in use.", status: 1),
            ])
        try StateFolder(bench.fake.root).create()
        try DriverAttempt.begin("470.256.02", bench.fake.root)
        guard case .rebootRequired = try await DriverStepTests.step.apply(bench.context()) else {
            Issue.record("no reboot")
            return
        }
        #expect(bench.runner.ran.contains("systemctl stop nvidia-persistenced.service"))
    }

    /// Whose driver is installed: by our stamp, by the attempt that was begun, and by whether there was one before it.
    @Test(
        arguments: [
            ("470.1", "470.1", nil, false, true), ("470.1", nil, nil, false, false), (nil, "470.1", nil, false, true),
            // 470 was ours, and 535 was begun over it; the stamp is still the old one's.
            ("535.1", "470.1", "535.1", false, true), ("535.1", nil, "535.1", true, true),
            // The user's, and our attempt came to nothing.
            ("470.1", nil, "535.1", true, false), (nil, nil, "535.1", true, false), (nil, nil, "535.1", false, true),
        ] as [(String?, String?, String?, Bool, Bool)])
    func knowsItsOwnDriver(
        _ installed: String?, _ stamp: String?, _ begun: String?, _ other: Bool, _ isOurs: Bool
    ) async throws {
        let bench = try Bench(
            other ? ["/usr/bin/nvidia-uninstall": ""] : [:],
            ["modinfo -F version nvidia": installed.map { FakeRunner.says($0 + "\n") } ?? Self.absent])
        let root = bench.fake.root
        try StateFolder(root).create()
        if let stamp { try DriverStamp.write(stamp, root) }
        if let begun { try DriverAttempt.begin(begun, root) }
        // Begun again after an interruption: what was there at first counts.
        try bench.fake.write("/usr/bin/nvidia-uninstall", "")
        if let begun { try DriverAttempt.begin(begun, root) }
        #expect(try await DriverAttempt.isOurs(bench.context()) == isOurs)
    }

    /// A driver that was cut short before its uninstaller came.
    @Test func namesATornDriver() async throws {
        let bench = try Bench(
            ["/usr/sbin/dkms": ""],
            [
                "modinfo -F version nvidia": FakeRunner.says("535.1\n"),
                "dkms status": FakeRunner.says("nvidia/535.1: added\nnvidia/390.42: added\n"),
                "dkms remove -m nvidia -v 535.1 --all": FakeRunner.says(""),
            ])
        try StateFolder(bench.fake.root).create()
        try DriverAttempt.begin("535.1", bench.fake.root)
        #expect(needed(try await UndoDriver().check(bench.context())))
        #expect(try await UndoDriver().apply(bench.context()) == .applied)
        let (_, remaining) = Remains.split(try await UndoDriver().verify(bench.context()))
        #expect(remaining.contains { $0.contains("driver 535.1") })
        #expect(satisfied(try await UndoDriver().check(bench.context())))
    }

    /// A dry run looks at the key where it is, and leaves other runs' alone.
    @Test func aDryRunCopiesNoKey() async throws {
        let (bench, _) = try Self.signingBench([
            "/run/gpu-guest-agent-signing-other/key.pem": "of another run",
            "/sys/module/module/parameters/sig_enforce": "N",
        ])
        let context = bench.context()
        let dry = StepContext(guest: context.guest, plan: context.plan, isDry: true) { _ in }
        #expect(try await DriverObstacles(dry)?.first() == nil)
        #expect(!bench.runner.ran.contains { $0.hasPrefix("sha256sum") })
        #expect(Self.signingFolders(bench) == ["gpu-guest-agent-signing-other"])
    }

    /// A kernel of another compiler; the preview tells the very command.
    @Test func buildsWithTheKernelsCompiler() async throws {
        let seen = Mutex<[String: String]>([:])
        let bench = try Bench(
            Bench.drive.merging(["/proc/version": KernelCompilerTests.version, "/usr/bin/gcc-12": ""]) { $1 },
            Bench.digest.merging([
                "modinfo": Self.absent, "cc -dumpversion": FakeRunner.says("13\n"),
                "sh /": { command in
                    seen.withLock { $0 = command.environment }
                    return CommandResult(.exited(0))
                },
            ]) { $1 })
        try StateFolder(bench.fake.root).create()
        let preview = try await DriverStepTests.step.preview(bench.context())
        #expect(bench.runner.ran == ["modinfo -F version nvidia", "cc -dumpversion"])
        #expect(try await DriverStepTests.step.apply(bench.context()) == .applied)
        #expect(seen.withLock { $0["CC"] } == "gcc-12")
        guard case .run(let told)? = preview.last else { Issue.record("no command"); return }
        func plain(_ line: Substring) -> String { String(line.replacing(/gpu-guest-agent-\w+/, with: "X")) }
        #expect(plain(told[told.range(of: "sh ")!.lowerBound...]) == plain(try Self.installation(bench)[...]))
        #expect(told.hasPrefix("CC=gcc-12 TMPDIR="))
    }

    /// Each attempt has its own log, also one that was killed together with the agent.
    @Test func keepsTheLogOfEachAttempt() async throws {
        let attempt = Mutex(0)
        let bench = Mutex<Bench?>(nil)
        let log = "/var/log/nvidia-installer.log"
        let made = try Bench(
            Bench.drive.merging([log: "killed\n"]) { $1 },
            Bench.digest.merging([
                "modinfo": Self.absent,
                "sh /": { _ in
                    let number = attempt.withLock {
                        $0 += 1; return $0
                    }
                    try bench.withLock { try $0?.fake.write(log, "attempt \(number)\n") }
                    return CommandResult(number == 1 ? .stopped : .exited(number == 2 ? 1 : 0))
                },
            ]) { $1 })
        bench.withLock { $0 = made }
        try StateFolder(made.fake.root).create()
        try InstallMarker(.driver).set(made.fake.root)
        for _ in 1...2 {
            await #expect(throws: Failure.self) { try await DriverStepTests.step.apply(made.context()) }
        }
        #expect(try await DriverStepTests.step.apply(made.context()) == .applied)
        let logs = made.fake.root.list(StateFolder.logs).compactMap {
            made.fake.root.attribute("\(StateFolder.logs)/\($0)")
        }
        #expect(logs == ["killed", "attempt 1", "attempt 2", "attempt 3"])
        bench.withLock { $0 = nil }
    }
}

@Suite struct PersistenceDaemonTests {
    static let files = [
        "/usr/bin/nvidia-persistenced": "", "/etc/systemd/system/x": "", "/etc/passwd": "root:x:0:0::/:\n",
    ]

    @Test(arguments: ["Enabled", "Disabled", "[N/A]"]) func enables(_ mode: String) async throws {
        let active = Mutex(false)
        let bench = Mutex<Bench?>(nil)
        let made = try Bench(
            Self.files,
            [
                "systemctl is-active": { _ in
                    CommandResult(.exited(0), output: active.withLock { $0 } ? "active\n" : "inactive\n")
                },
                "systemctl daemon-reload": FakeRunner.says(""),
                "systemctl enable nvidia-persistenced.service": { _ in
                    try bench.withLock {
                        try $0?.fake.link(PersistenceDaemon.wantedPath, PersistenceDaemon.unitPath)
                    }
                    return CommandResult(.exited(0))
                },
                "systemctl restart nvidia-persistenced.service": { _ in
                    active.withLock { $0 = true }
                    return CommandResult(.exited(0))
                },
                "nvidia-smi --query-gpu=persistence_mode": FakeRunner.says(mode + "\n"),
            ])
        bench.withLock { $0 = made }
        let step = PersistenceDaemon()
        #expect(needed(try await step.check(made.context())))
        let preview = try await step.preview(made.context())
        #expect(made.runner.ran.isEmpty)
        #expect(try await step.apply(made.context()) == .applied)
        #expect(satisfied(try await step.check(made.context())))
        let text = try made.fake.root.text(PersistenceDaemon.unitPath)
        #expect(preview.first == .write(path: PersistenceDaemon.unitPath, text: text))
        #expect(text.contains("ExecStart=/usr/bin/nvidia-persistenced --verbose\n"))
        let commands = preview.dropFirst().map { action in
            if case .run(let line) = action { line } else { "" }
        }
        #expect(made.runner.ran.filter { commands.contains($0) } == commands)
        #expect(((try? await step.verify(made.context())) == nil) == (mode == "Disabled"))
        active.withLock { $0 = false }
        #expect(needed(try await step.check(made.context())))
        bench.withLock { $0 = nil }
    }

    @Test func runsAsTheAccountThatIsThere() async throws {
        let bench = try Bench(Self.files.merging(["/etc/passwd": "nvidia-persistenced:x:140:140::/:/x\n"]) { $1 })
        let preview = try await PersistenceDaemon().preview(bench.context())
        guard case .write(_, let text)? = preview.first else { Issue.record("nothing is written"); return }
        #expect(text.contains("ExecStart=/usr/bin/nvidia-persistenced --user nvidia-persistenced --verbose\n"))
    }

    @Test func tellsWhyItDoesNotStart() async throws {
        let bench = try Bench(
            Self.files,
            [
                "systemctl daemon-reload": FakeRunner.says(""), "systemctl enable": FakeRunner.says(""),
                "systemctl restart": FakeRunner.says("", status: 1),
                "systemctl status": FakeRunner.says("nvidia-persistenced failed to initialize.\n", status: 3),
            ])
        let failure = await #expect(throws: Failure.self) { try await PersistenceDaemon().apply(bench.context()) }
        #expect(failure?.evidence.contains("nvidia-persistenced failed to initialize.") == true)
    }
}
