import Contract
import Guest
import GuestFakes
import Synchronization
import SystemPackage
import Testing

@testable import Provisioning

@Suite struct NouveauStepTests {
    @Test func blacklistsOnce() async throws {
        let grub = "menuentry {\n linux /vmlinuz root=x \(BlacklistNouveau.parameters.joined(separator: " "))\n}\n"
        let bench = try Bench(
            [
                "/etc/default/grub": "GRUB_CMDLINE_LINUX=\"console=ttyS0\"\n",
                "/boot/grub/grub.cfg": "menuentry {\n linux /vmlinuz root=x\n}\n", "/usr/sbin/update-grub": "",
                "/etc/modprobe.d/x": "",
            ], ["update-grub": FakeRunner.says("")])
        let step = BlacklistNouveau()
        #expect(needed(try await step.check(bench.context())))
        #expect(try await step.apply(bench.context()) == .applied)
        #expect(try bench.fake.root.text("/etc/default/grub").contains("\"console=ttyS0 rd.driver.blacklist=nouveau"))
        #expect(try await step.verify(bench.context()).last == "/boot/grub/grub.cfg passes nothing about nouveau")
        try bench.fake.write("/boot/grub/grub.cfg", grub)
        #expect(satisfied(try await step.check(bench.context())))
    }

    @Test func putsTheDefaultsBackWhereGrubFails() async throws {
        let bench = try Bench(
            [
                "/etc/default/grub": "old\n", "/boot/grub/grub.cfg": "linux /vmlinuz\n", "/usr/sbin/update-grub": "",
                "/etc/modprobe.d/x": "",
            ], ["update-grub": FakeRunner.says("no space", status: 1)])
        let failure = await #expect(throws: Failure.self) { try await BlacklistNouveau().apply(bench.context()) }
        #expect(failure?.code == .bootLoader)
        #expect(try bench.fake.root.text("/etc/default/grub") == "old\n")
    }

    static let image = "/boot/initrd.img-\(Bench.kernel)"
    static let withInitramfs = [
        "/usr/sbin/mkinitramfs": "", image: "070701old", "/etc/initramfs-tools/hooks/x": "",
        "/lib/modules/\(Bench.kernel)/modules.dep": "kernel/drivers/gpu/drm/nouveau/nouveau.ko.xz: x.ko\n",
    ]

    @Test func rebuildsTheInitramfs() async throws {
        let bench = Mutex<Bench?>(nil)
        let made = try Bench(
            Self.withInitramfs,
            [
                "lsinitramfs": { _ in
                    let old = (try? bench.withLock { $0 }?.fake.root.text(Self.image)) == "070701old"
                    return CommandResult(.exited(0), output: "init\nbin/sh\n" + (old ? "usr/lib/nouveau.ko.xz\n" : ""))
                },
                "update-initramfs -u -k": { _ in
                    try bench.withLock { $0 }?.fake.write(Self.image, "070701new")
                    return CommandResult(.exited(0))
                },
            ])
        bench.withLock { $0 = made }
        let step = RebuildInitramfs()
        #expect(needed(try await step.check(made.context())))
        #expect(try await step.apply(made.context()) == .applied)
        #expect(try await step.verify(made.context()) == ["\(Self.image) has no nouveau.ko"])
        #expect(try made.fake.root.text(Self.image + ".before-gpu") == "070701old")
        #expect(satisfied(try await step.check(made.context())))
        bench.withLock { $0 = nil }
    }

    /// The first copy of all stays; a failed attempt goes back to what was there before it.
    @Test func putsTheInitramfsBackWithoutAProgram() async throws {
        let fake = try FakeRoot(Self.withInitramfs.merging([Self.image + ".before-gpu": "first"]) { $1 })
        let runner = FakeRunner([
            "update-initramfs": { [root = fake.root] _ in
                try root.write("torn", to: Self.image)
                return CommandResult(.stopped)
            }
        ])
        let initramfs = try #require(Initramfs(Guest(root: fake.root, runner: runner)))
        let failure = await #expect(throws: Failure.self) {
            try await initramfs.rebuild(initramfs.units[0], before: [.usable(ImageContents(listing: "init\n"))])
        }
        #expect(failure?.code == .initramfs && failure?.cleanup == [])
        #expect(try fake.root.text(Self.image) == "070701old")
        #expect(try fake.root.text(Self.image + ".before-gpu") == "first")
        #expect(fake.root.list("/boot").count == 2)
    }

    @Test func withoutANouveauModuleNothingIsToDo() async throws {
        let bench = try Bench(["/lib/modules/\(Bench.kernel)/modules.dep": "kernel/x.ko:\n"])
        #expect(satisfied(try await RebuildInitramfs().check(bench.context())))
        #expect(bench.runner.ran.isEmpty)
    }

    /// Its own console holds nouveau: taken off, the module goes, and no reboot is needed. Where it stays, the console does.
    @Test(arguments: [true, false]) func takesTheConsoleOff(_ goes: Bool) async throws {
        let bind = "/sys/class/vtconsole/vtcon1/bind"
        let bench = Mutex<Bench?>(nil)
        let made = try Bench(
            [
                "/proc/modules": "nouveau 1 1 - Live 0x0\n", "/proc/fb": "0 nouveaudrmfb\n", bind: "1\n",
                "/sys/class/vtconsole/vtcon0/name": "(S) VGA+\n",
                "/sys/class/vtconsole/vtcon1/name": "(M) frame buffer device\n",
            ],
            [
                "modprobe -r nouveau": { _ in
                    guard let root = bench.withLock({ $0 })?.fake.root, root.attribute(bind) == "0", goes else {
                        return CommandResult(.exited(1), errors: "modprobe: FATAL: Module nouveau is in use.")
                    }
                    try root.write("", to: "/proc/modules")
                    return CommandResult(.exited(0))
                }
            ])
        bench.withLock { $0 = made }
        let result = try await UnloadNouveau().apply(made.context())
        #expect((result == .applied) == goes)
        #expect(made.fake.root.attribute(bind) == (goes ? "0" : "1"))
        #expect(made.runner.ran.count == 2)
        let told = made.events.withLock { $0 }
        #expect(told == [.progress(.unloadNouveau, message: "took vtcon1 off nouveau's frame buffer")])
        bench.withLock { $0 = nil }
    }

    @Test func rebootsOnceForABusyNouveau() async throws {
        let bench = try Bench(
            ["/proc/modules": "nouveau 1 1 - Live 0x0\n"],
            ["modprobe -r nouveau": FakeRunner.says("modprobe: FATAL: Module nouveau is in use.", status: 1)])
        guard case .rebootRequired(let reason) = try await UnloadNouveau().apply(bench.context()) else {
            Issue.record("no reboot")
            return
        }
        #expect(reason.contains("in use"))
        let failure = await #expect(throws: Failure.self) { try await UnloadNouveau().apply(bench.context(reboots: 1)) }
        #expect(failure?.code == .nouveau)
    }
}

@Suite struct DriverStepTests {
    static let step = InstallDriver(recipe: Bench.driver)
    static let installed: FakeRunner.Answer = FakeRunner.says("470.256.02\n")
    static let absent: FakeRunner.Answer = FakeRunner.says("", status: 1)

    @Test func isSatisfiedByTheSameVersion() async throws {
        let bench = try Bench(["/usr/bin/nvidia-smi": ""], ["modinfo -F version nvidia": Self.installed])
        #expect(satisfied(try await Self.step.check(bench.context())))
        try InstallMarker(.driver).set(
            try {
                try StateFolder(bench.fake.root).create(); return bench.fake.root
            }())
        #expect(needed(try await Self.step.check(bench.context())))
    }

    @Test func installsAndCleansUp() async throws {
        let bench = try Bench(
            Bench.drive,
            Bench.digest.merging([
                "modinfo -F version nvidia": Self.absent,
                "sh /": FakeRunner.says("Verifying archive integrity... OK\n"),
            ]) { $1 })
        try StateFolder(bench.fake.root).create()
        #expect(try await Self.step.apply(bench.context()) == .applied)
        let line = try #require(bench.runner.ran.first { $0.contains("NVIDIA.run") })
        #expect(line.contains("--silent") && line.contains("--tmpdir /var/tmp/gpu-guest-agent-"))
        #expect(bench.fake.root.list("/var/tmp") == ["x"])
        #expect(!InstallMarker(.driver).isSet(bench.fake.root))
    }

    @Test(arguments: [0, 1]) func rebootsOnceWhereNouveauIsBound(_ reboots: Int) async throws {
        let bench = try Bench(
            Bench.drive,
            Bench.digest.merging([
                "modinfo -F version nvidia": Self.absent,
                "sh /": FakeRunner.says(
                    "ERROR: The Nouveau kernel driver is currently in use by your system.\n", status: 1),
            ]) { $1 })
        try StateFolder(bench.fake.root).create()
        if reboots == 0 {
            guard case .rebootRequired = try await Self.step.apply(bench.context()) else {
                Issue.record("no reboot")
                return
            }
        } else {
            let failure = await #expect(throws: Failure.self) { try await Self.step.apply(bench.context(reboots: 1)) }
            #expect(failure?.code == .nouveau)
        }
        #expect(InstallMarker(.driver).isSet(bench.fake.root))
    }

    @Test func refusesAPayloadThatIsNotThePlans() async throws {
        let bench = try Bench(
            Bench.drive, ["modinfo -F version nvidia": Self.absent, "sh -c": FakeRunner.says("bb  -\n")])
        let failure = await #expect(throws: Failure.self) { try await Self.step.apply(bench.context()) }
        #expect(failure?.code == .payloadCorrupt)
        let none = try Bench([:], ["modinfo -F version nvidia": Self.absent])
        let missing = await #expect(throws: Failure.self) { try await Self.step.apply(none.context()) }
        #expect(missing?.code == .payloadMissing)
    }

    @Test(
        arguments: [
            ("cuda_11.4.4-1.run", "cuda_11.4.4-1.run"), ("a/b c$(x)'é.run", "b_c__x___.run"), ("..", "payload.run"),
            ("", "payload.run"),
        ])
    func makesAPlainName(_ name: String, _ plain: String) {
        #expect(PayloadFile.plainName(name) == plain)
    }

    struct Proven: Sendable {
        var loaded = true
        var version: String? = "470.256.02"
        var smi = "Tesla"
        var loads = true
        var code: FailureCode?
        var message = ""
    }

    @Test(
        arguments: [
            Proven(), Proven(version: nil), Proven(loads: false),
            Proven(version: "390.42", code: .driverProof, message: "390.42"),
            Proven(smi: "No devices were found", code: .driverProof, message: "sees no GPU"),
            Proven(loaded: false, loads: false, code: .driverLoad, message: "by itself"),
        ])
    func proves(_ example: Proven) async throws {
        let device = "/sys/bus/pci/devices/0000:01:00.0"
        var files = [
            "/proc/modules": example.loaded ? "nvidia 1 0 - Live 0x0\n" : "", device + "/vendor": "0x1234\n",
            device + "/device": "0x11e8\n", device + "/class": "0x00ff00\n",
        ]
        files["/sys/module/nvidia/version"] = example.version
        let bench = try Bench(
            files,
            [
                "nvidia-smi": FakeRunner.says(example.smi), "modprobe nvidia-uvm": FakeRunner.says(""),
                "lspci": FakeRunner.says(""), "dmesg": FakeRunner.says(""), "udevadm settle": FakeRunner.says(""),
            ])
        try bench.fake.link(device + "/driver", "../../../../bus/pci/drivers/nvidia")
        let failure: Failure?
        do {
            let evidence = try await ProveDriver(loads: example.loads).verify(bench.context())
            #expect(evidence.contains("nvidia-smi: exit status 0"))
            failure = nil
        } catch let error as Failure {
            failure = error
        }
        #expect(failure?.code == example.code)
        if let failure { #expect(failure.message.contains(example.message)) }
    }

    @Test func takesAnotherVersionOutFirst() async throws {
        let bench = try Bench(
            Bench.drive.merging(["/usr/bin/nvidia-uninstall": ""]) { $1 },
            Bench.digest.merging([
                "modinfo -F version nvidia": FakeRunner.says("390.42\n"),
                "/usr/bin/nvidia-uninstall --silent": FakeRunner.says(""), "sh /": FakeRunner.says(""),
            ]) { $1 })
        try StateFolder(bench.fake.root).create()
        #expect(needed(try await Self.step.check(bench.context())))
        #expect(try await Self.step.apply(bench.context()) == .applied)
        #expect(bench.runner.ran.contains("/usr/bin/nvidia-uninstall --silent"))
    }
}

@Suite struct PrerequisitesTests {
    @Test(
        arguments: [
            ("11.4.4", "/usr/lib/x86_64-linux-gnu/libxml2.so.2", "libxml2.so.2"),
            ("10.1.105", "/usr/lib64/libxml2.so.2", "libxml2.so.2"),
            ("10.0.130", "/usr/share/perl/5.36.0/Env.pm", "Perl"), ("9.1.85", "/usr/share/perl5/Env.pm", "Perl"),
        ])
    func needsWhatCUDAsInstallerNeeds(_ version: String, _ file: String, _ what: String) async throws {
        let there = Dictionary(
            uniqueKeysWithValues: [
                "/usr/bin/make", "/usr/bin/gcc", "/usr/bin/cc", "/usr/bin/g++", "/usr/include/stdio.h",
                "/usr/bin/modprobe",
                "/lib/modules/\(Bench.kernel)/build/include/generated/autoconf.h",
                "/lib/modules/\(Bench.kernel)/build/Makefile", "/usr/share/perl5/Debconf.pm",
            ].map { ($0, "") } + [("/etc/os-release", "ID=debian\nVERSION_ID=12\n")])
        let recipe = CUDARecipe(version: version, sha256: "", toolkitPath: "/usr/local/cuda", samples: true)
        let answers = ["gcc": FakeRunner.says("6\n")]
        guard
            case .needed(let reason) = try await Prerequisites().check(
                try Bench(there, cuda: recipe, answers).context())
        else {
            Issue.record("nothing is missing")
            return
        }
        #expect(reason.contains(what) && !reason.contains(", for CUDA \(version)"))
        let whole = try Bench(there.merging([file: ""]) { $1 }, cuda: recipe, answers)
        #expect(satisfied(try await Prerequisites().check(whole.context())))
    }
}

@Suite struct GrowRootFilesystemTests {
    private static func bench(partition: Int64, behind: Int64) throws -> Bench {
        let bench = try Bench(
            [
                "/proc/self/mountinfo": "22 1 254:1 / / rw - ext4 /dev/vda1 rw\n", "/sys/block/vda/vda1/partition": "1",
                "/sys/block/vda/vda1/start": "2048", "/sys/block/vda/vda1/size": "\(partition / 512)",
                "/sys/block/vda/size": "\((partition + behind) / 512 + 2048)",
            ], ["sfdisk": FakeRunner.says(""), "partx": FakeRunner.says(""), "resize2fs": FakeRunner.says("")])
        try bench.fake.link("/sys/dev/block/254:1", "../../devices/x/block/vda/vda1")
        return bench
    }

    /// Also where an earlier attempt was ended between partx and resize2fs.
    @Test(arguments: [(100, 64, 3), (100, 0, 0), (200, 0, 1)] as [(Int64, Int64, Int)])
    func growsWhatIsLeft(_ percent: Int64, _ mebibytesBehind: Int64, _ commands: Int) async throws {
        let filesystem = try SystemRoot(prefix: "/tmp").filesystemBytes(at: "/")
        let bench = try Self.bench(partition: filesystem / 100 * percent, behind: mebibytesBehind << 20)
        let step = GrowRootFilesystem()
        #expect(satisfied(try await step.check(bench.context())) == (commands == 0))
        if commands > 0 { #expect(try await step.apply(bench.context()) == .applied) }
        #expect(bench.runner.ran.count == commands)
        // Nothing changed in the folder, so that what was to be grown is not.
        #expect(((try? await step.verify(bench.context())) != nil) == (commands == 0))
    }

    @Test func leavesWhatIsNoPlainPartition() async throws {
        let bench = try Bench(["/proc/self/mountinfo": "22 1 253:0 / / rw - ext4 /dev/mapper/vg-root rw\n"])
        #expect(satisfied(try await GrowRootFilesystem().check(bench.context())))
        #expect(bench.events.withLock { $0.map(\.kind) } == ["warning"])
    }
}

@Suite struct InspectStepTests {
    @Test func refusesBeforeAnythingIsChanged() async throws {
        let systemctl = ["systemctl --version": FakeRunner.says("systemd 252\n")]
        let noSystemd = try Bench([:], systemctl)
        guard case .blocked(let failure) = try await Inspect().check(noSystemd.context()) else {
            Issue.record("not blocked")
            return
        }
        #expect(failure.code == .guestUnsupported && failure.message.contains("systemd"))

        let stranger = try Bench(["/run/systemd/system/x": "", "/etc/os-release": "ID=nixos\n"], systemctl)
        guard case .blocked(let other) = try await Inspect().check(stranger.context()) else {
            Issue.record("not blocked")
            return
        }
        #expect(other.code == .guestUnsupported && other.remedy.contains("Rocky Linux"))
    }

    @Test func asksTheHostForTheGPU() async throws {
        let bench = try Bench(
            ["/run/systemd/system/x": ""], ["systemctl --version": FakeRunner.says("systemd 252\n")])
        #expect(needed(try await Inspect().check(bench.context())))
        guard case .needsHost(.attachGPU, _) = try await Inspect().apply(bench.context()) else {
            Issue.record("no request")
            return
        }
    }
}
