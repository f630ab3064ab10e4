import BootConfiguration
import Contract
import GuestFakes
import Synchronization
import Testing

@testable import Guest

@Suite struct GrubDefaultsTests {
    struct Case: Sendable {
        var name: String
        var old: String
        var new: String
    }

    static let cases = [
        Case(name: "empty file", old: "", new: "GRUB_CMDLINE_LINUX=\"a b=c\"\n"),
        Case(name: "empty value", old: "GRUB_CMDLINE_LINUX=\"\"\n", new: "GRUB_CMDLINE_LINUX=\"a b=c\"\n"),
        Case(
            name: "value, comment and other keys stay",
            old: "# why\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n  GRUB_CMDLINE_LINUX=\"x  y\" # mine\nGRUB_TIMEOUT=0\n",
            new:
                "# why\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n  GRUB_CMDLINE_LINUX=\"x  y a b=c\" # mine\nGRUB_TIMEOUT=0\n"
        ),
        Case(name: "single quotes", old: "GRUB_CMDLINE_LINUX='x'\n", new: "GRUB_CMDLINE_LINUX='x a b=c'\n"),
        Case(name: "no quotes", old: "GRUB_CMDLINE_LINUX=x # c\n", new: "GRUB_CMDLINE_LINUX=\"x a b=c\" # c\n"),
        Case(name: "one is there", old: "GRUB_CMDLINE_LINUX=\"b=c x\"\n", new: "GRUB_CMDLINE_LINUX=\"b=c x a\"\n"),
        Case(
            name: "a part of another word is not it", old: "GRUB_CMDLINE_LINUX=\"ab=c\"\n",
            new: "GRUB_CMDLINE_LINUX=\"ab=c a b=c\"\n"),
        Case(
            name: "the last assignment counts", old: "GRUB_CMDLINE_LINUX=\"a b=c\"\nGRUB_CMDLINE_LINUX=\"x\"\n",
            new: "GRUB_CMDLINE_LINUX=\"a b=c\"\nGRUB_CMDLINE_LINUX=\"x a b=c\"\n"),
        Case(
            name: "a commented assignment is none", old: "#GRUB_CMDLINE_LINUX=\"x\"\n",
            new: "#GRUB_CMDLINE_LINUX=\"x\"\nGRUB_CMDLINE_LINUX=\"a b=c\"\n"),
        Case(
            name: "what it does not understand is left to the shell", old: "GRUB_CMDLINE_LINUX=\"x \\\ny\"",
            new: "GRUB_CMDLINE_LINUX=\"x \\\ny\"\nGRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX a b=c\"\n"),
    ]

    @Test(arguments: cases) func addsOnce(_ example: Case) {
        let once = GrubDefaults.adding(["a", "b=c"], to: example.old)
        #expect(once == example.new, "\(example.name)")
        #expect(GrubDefaults.adding(["a", "b=c"], to: once) == once, "\(example.name), again")
    }

    /// A fragment that sets the variable anew hides what stands in the file before it.
    @Test(arguments: [true, false]) func outdoesAFragment(_ works: Bool) async throws {
        let before = "menuentry {\n linux /vmlinuz root=x\n}\n"
        let fake = try FakeRoot([
            "/etc/default/grub": "GRUB_CMDLINE_LINUX=\"y\"\n", "/boot/grub/grub.cfg": before,
            "/usr/sbin/update-grub": "",
            "/etc/default/grub.d/50-cloud.cfg": "GRUB_CMDLINE_LINUX=\"x\"\n",
        ])
        let runner = FakeRunner([
            "update-grub": { [root = fake.root] _ in
                guard root.exists(BootLoader.fragment) else { return CommandResult(.exited(0)) }
                guard works else { return CommandResult(.exited(1)) }
                try root.write("menuentry {\n linux /vmlinuz root=x a\n}\n", to: "/boot/grub/grub.cfg")
                return CommandResult(.exited(0))
            }
        ])
        let bootLoader = BootLoader(Guest(root: fake.root, runner: runner))
        if works {
            try await bootLoader.add(["a"])
            #expect(try fake.root.text(BootLoader.fragment).contains("GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX a\"\n"))
            #expect(bootLoader.missing(["a"]).isEmpty)
        } else {
            await #expect(throws: Failure.self) { try await bootLoader.add(["a"]) }
            #expect(!fake.root.exists(BootLoader.fragment))
            #expect(try fake.root.text("/etc/default/grub") == "GRUB_CMDLINE_LINUX=\"y\"\n")
        }
        #expect(runner.ran.count == 2)
    }
}

@Suite struct ReadingTests {
    @Test func readsModules() {
        let text = "nouveau 2306048 1 - Live 0x0\nttm 94208 2 nouveau,drm_ttm, Live 0x0\nbroken\n"
        #expect(
            KernelModules.parse(text) == [
                KernelModules.Entry(name: "nouveau", references: 1, users: []),
                KernelModules.Entry(name: "ttm", references: 2, users: ["nouveau", "drm_ttm"]),
            ])
    }

    @Test func findsTheRootMount() {
        let text =
            "21 1 0:1 / / rw - rootfs rootfs rw\n22 1 254:1 / / rw,noatime shared:1 - ext4 /dev/vda1 rw\n23 22 0:5 / /proc rw - proc proc rw\n"
        let mount = RootFilesystem.rootMount(text)
        #expect(mount?.number == "254:1" && mount?.type == "ext4" && mount?.source == "/dev/vda1")
    }
}

@Suite struct MachineTests {
    static func machine() throws -> FakeRoot {
        let fake = try FakeRoot([
            "/etc/os-release": "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
            "/proc/sys/kernel/osrelease": "6.1.0-1-cloud-amd64\n",
            "/proc/meminfo": "MemTotal:        2048 kB\nMemAvailable:    1024 kB\n",
            "/proc/cpuinfo": "flags\t\t: fpu vme\n", "/sys/devices/system/cpu/online": "0-2,5\n",
            "/sys/bus/pci/devices/0000:01:00.0/vendor": "0x1234\n",
            "/sys/bus/pci/devices/0000:01:00.0/device": "0x11e8\n",
            "/sys/bus/pci/devices/0000:01:00.0/class": "0x00ff00\n",
            "/sys/bus/pci/devices/0000:02:00.0/vendor": "0x10de\n",
            "/sys/bus/pci/devices/0000:02:00.0/device": "0x1B06\n",
            "/sys/bus/pci/devices/0000:02:00.0/class": "0x030000\n",
            "/sys/bus/pci/devices/0000:02:00.1/vendor": "0x10de\n",
            "/sys/bus/pci/devices/0000:02:00.1/device": "0x10ef\n",
            "/sys/bus/pci/devices/0000:02:00.1/class": "0x040300\n", "/run/systemd/system/x": "",
            "/usr/sbin/mkinitramfs": "",
        ])
        try fake.link("/sys/bus/pci/devices/0000:01:00.0/driver", "../../../../bus/pci/drivers/nouveau")
        return fake
    }

    @Test func gathersFacts() async throws {
        let fake = try Self.machine()
        let runner = FakeRunner(["systemctl --version": FakeRunner.says("systemd 252 (252.39-1~deb12u1)\n+PAM\n")])
        let facts = try await Guest(root: fake.root, runner: runner, architecture: "x86_64").facts(gpus: [.simulated])
        #expect(facts.osName == "Debian GNU/Linux 12 (bookworm)" && facts.kernel == "6.1.0-1-cloud-amd64")
        #expect(facts.systemd == 252 && facts.cpus == 4 && facts.memoryBytes == 2 << 20)
        #expect(facts.firmware == "bios" && facts.secureBoot == nil && facts.hypervisor == nil)
        #expect(facts.initramfsTool == "initramfs-tools")
        #expect(facts.gpus == [GuestGPU(address: "0000:01:00.0", vendor: "1234", device: "11e8", driver: "nouveau")])
    }

    @Test func anyGPUOfAVendorIsADisplayController() throws {
        let fake = try Self.machine()
        let any = ExpectedGPU(vendor: "10de", device: nil, count: 1, simulated: false)
        #expect(PCIBus(fake.root).gpus([any]).map(\.address) == ["0000:02:00.0"])
        #expect(PCIBus(fake.root).missing([any]).isEmpty)
        #expect(
            PCIBus(fake.root).missing([ExpectedGPU(vendor: "10de", device: nil, count: 2, simulated: false)]).count == 1
        )
    }

    @Test func findsADriveBySerialAndCopiesExactly() throws {
        let fake = try FakeRoot([
            "/sys/block/vda/size": "1", "/sys/block/vdb/serial": "drv-12", "/dev/vdb": "hello\0\0\0", "/out/x": "",
        ])
        #expect(Drives(fake.root).find(serial: "drv-12") == "/dev/vdb")
        #expect(Drives(fake.root).find(serial: "drv") == nil)
        try Drives(fake.root).copy("/dev/vdb", size: 5, to: "/out/run")
        #expect(try fake.root.text("/out/run") == "hello")
        #expect(throws: (any Error).self) { try Drives(fake.root).copy("/dev/vdb", size: 9, to: "/out/run") }
    }
}
