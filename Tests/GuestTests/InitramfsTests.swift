import Contract
import GuestFakes
import Testing

@testable import Guest

@Suite struct InitramfsTests {
    @Test(
        arguments: [
            (["/usr/sbin/mkinitramfs"], .initramfsTools), (["/usr/bin/dracut", "/usr/sbin/update-initramfs"], .dracut),
            (["/usr/bin/dracut", "/usr/sbin/mkinitramfs"], .initramfsTools),
            (["/usr/bin/dracut", "/usr/sbin/mkinitramfs", "/var/lib/dpkg/info/dracut.list"], .dracut),
            (["/sbin/mkinitrd", "/usr/bin/dracut"], .dracut), (["/sbin/mkinitrd"], nil),
            (["/usr/bin/mkinitcpio"], .mkinitcpio), ([], nil),
        ] as [([String], InitramfsTool?)])
    func findsTheTool(_ files: [String], _ tool: InitramfsTool?) throws {
        let fake = try FakeRoot(Dictionary(uniqueKeysWithValues: files.map { ($0, "") }))
        #expect(InitramfsTool.of(fake.root) == tool)
    }

    struct Place: Sendable {
        var files: [String]
        var entry = ""
        var images: [String]
    }

    static let places = [
        Place(files: ["/boot/initrd.img-6.1", "/boot/initrd.img-6.1.before-gpu"], images: ["/boot/initrd.img-6.1"]),
        Place(
            files: ["/boot/initramfs-6.1.img", "/boot/initramfs-0-rescue-abc.img", "/boot/initramfs-6.1kdump.img"],
            images: ["/boot/initramfs-6.1.img"]),
        Place(files: ["/boot/initrd-6.1", "/boot/initrd"], images: ["/boot/initrd-6.1"]),
        Place(files: ["/boot/abc/6.1/initrd", "/boot/abc/6.1/linux"], images: ["/boot/abc/6.1/initrd"]),
        // What the boot entry names, seen from /boot, counts more than a custom.
        Place(
            files: ["/boot/initrd-6.1", "/boot/special.img", "/boot/amd-ucode.img"],
            entry: "version 6.1\nlinux /vmlinuz-6.1\ninitrd /amd-ucode.img\ninitrd /special.img\n",
            images: ["/boot/special.img"]),
        Place(
            files: ["/boot/abc/6.1/initrd", "/boot/abc/6.1/initrd-fallback", "/boot/overlay.img"],
            entry: "version 6.1\nlinux /abc/6.1/linux\ninitrd /abc/6.1/initrd-fallback\ninitrd /abc/6.1/initrd\n"
                + "initrd /overlay.img\n",
            images: ["/boot/abc/6.1/initrd", "/boot/abc/6.1/initrd-fallback"]),
        Place(files: [], images: []),
    ]

    @Test(arguments: places) func findsTheImages(_ place: Place) throws {
        let fake = try FakeRoot(["/usr/bin/dracut": "", "/lib/modules/6.1/modules.dep": ""])
        for file in place.files { try fake.write(file, "") }
        if !place.entry.isEmpty { try fake.write("/boot/loader/entries/a.conf", place.entry) }
        let initramfs = try #require(Initramfs(Guest(root: fake.root, runner: FakeRunner([:]))))
        #expect(initramfs.images.map(\.path) == place.images)
        #expect(initramfs.rescueImages.count == place.files.count { $0.contains("rescue") })
    }

    @Test func limitsToTheRunningKernel() throws {
        let fake = try FakeRoot([
            "/usr/bin/dracut": "", "/proc/sys/kernel/osrelease": "6.2\n", "/boot/initrd-6.1": "",
            "/boot/initrd-6.2": "",
            "/lib/modules/6.1/x": "", "/lib/modules/6.2/x": "",
        ])
        let guest = Guest(root: fake.root, runner: FakeRunner([:]))
        #expect(Initramfs(guest)?.images.map(\.kernel) == ["6.2", "6.1"])
        #expect(
            Initramfs(guest, kernels: .running)?.units.map(\.command.line) == [
                "dracut --force /boot/initrd-6.2.gpu-guest-agent-new 6.2"
            ])
    }

    @Test func readsListings() {
        let lsinitrd = """
            Image: /boot/initramfs-5.14.0.img: 33M
            ========================================================================
            Version: dracut-057-53.git20240104.el9

            Arguments: --kver '5.14.0' -f

            dracut modules:
            bash
            nouveau
            ========================================================================
            drwxr-xr-x  12 root     root            0 Jan  4  2024 .
            lrwxrwxrwx   1 root     root           23 Jan  4  2024 init -> usr/lib/systemd/systemd
            crw-r--r--   1 root     root       5,   1 Jan  4  2024 dev/console
            -rw-r--r--   1 root     root       123456 Jan  4  2024 usr/lib/modules/5.14.0/kernel/drivers/gpu/drm/nouveau/nouveau.ko.xz
            -rw-r--r--   1 root     root         1234 Jan  4  2024 usr/lib/modules/5.14.0/kernel/drivers/block/virtio-blk.ko.xz
            ========================================================================
            """
        let contents = ImageContents(listing: lsinitrd)
        #expect(contents.paths.count == 4 && contents.paths[0] == "init" && contents.hasInit)
        #expect(contents.modules == ["nouveau", "virtio_blk"])
        #expect(contents.files(of: "nouveau").count == 1)
        let plain = ImageContents(listing: ".\n./init\nusr/lib/modules/6.1/x/nouveau.ko\nusr/lib/nouveau.conf\n")
        #expect(plain.hasInit && plain.files(of: "nouveau") == ["usr/lib/modules/6.1/x/nouveau.ko"])
        #expect(!ImageContents(listing: "etc/init\nkernel/x86/microcode/AuthenticAMD.bin\n").hasInit)
    }

    static func seen(
        _ paths: [String]? = ["init", "lib/modules/6.1/virtio_blk.ko", "lib/modules/6.1/ext4.ko"], size: Int64 = 1000,
        head: [UInt8] = Array("070701".utf8)
    ) -> ImageCheck.Seen {
        ImageCheck.Seen(
            size: size, head: head, contents: paths.map { ImageContents(listing: $0.joined(separator: "\n")) })
    }

    struct Verdict: Sendable {
        var after: ImageCheck.Seen
        var before: ImageCheck.Seen? = InitramfsTests.seen()
        var named: [String] = []
        var says: String?
    }

    static let verdicts = [
        Verdict(after: seen()), Verdict(after: seen(head: [0x1f, 0x8b, 8])),
        Verdict(after: seen(head: [0x28, 0xb5, 0x2f, 0xfd])),
        Verdict(after: seen(), before: nil), Verdict(after: seen(size: 250)),
        Verdict(after: seen(size: 0), says: "empty"), Verdict(after: seen(head: [0x4d, 0x5a, 0]), says: "4d 5a 00"),
        Verdict(after: seen(size: 249), says: "249 bytes, and had 1000"),
        Verdict(
            after: seen(size: 100), before: seen(["init", "usr/lib/firmware/nvidia/ga102/gsp/gsp-535.bin.xz"])),
        Verdict(after: seen(["etc/fstab"]), before: nil, says: "no init"),
        Verdict(after: seen(nil), says: "cannot be listed"),
        Verdict(after: seen(["init", "lib/modules/6.1/ext4.ko"]), says: "lacks virtio_blk"),
        // Not there before: built into the kernel.
        Verdict(after: seen(["init"]), before: seen(["init"])),
        Verdict(after: seen(), named: ["/boot/i", "/boot/u"]),
        Verdict(after: seen(), named: ["/boot/other"], says: "names /boot/other"),
    ]

    @Test(arguments: verdicts) func judgesAnImage(_ verdict: Verdict) {
        let problems = ImageCheck(
            before: verdict.before, after: verdict.after, rootModules: ["virtio_blk", "ext4"], path: "/boot/i",
            named: verdict.named
        ).problems
        #expect(problems.count == (verdict.says == nil ? 0 : 1), "\(problems)")
        if let says = verdict.says { #expect(problems.first?.contains(says) == true, "\(problems)") }
    }

    @Test func knowsWhatTheRootNeeds() throws {
        let fake = try FakeRoot(["/proc/self/mountinfo": "22 1 254:1 / / rw shared:1 - xfs /dev/vda1 rw\n"])
        let disk = "/sys/devices/pci0000:00/0000:00:02.0/virtio0"
        try fake.write(disk + "/block/vda/vda1/partition", "1")
        try fake.link("/sys/dev/block/254:1", "../../devices/pci0000:00/0000:00:02.0/virtio0/block/vda/vda1")
        try fake.link(disk + "/driver", "../../../../bus/virtio/drivers/virtio_blk")
        try fake.link("/sys/devices/pci0000:00/0000:00:02.0/driver", "../../../bus/pci/drivers/virtio-pci")
        #expect(RootModules(fake.root).names == ["xfs", "virtio_blk", "virtio_pci"])
    }

    @Test(
        arguments: [
            ("HOOKS=(base kms block) # kms\n", "HOOKS=(base block) # kms\n"), ("HOOKS=(kms)\n", "HOOKS=()\n"),
            ("HOOKS=(kms base)\n", "HOOKS=(base)\n"), ("HOOKS=\"base kms\"\n", "HOOKS=\"base\"\n"),
            ("#HOOKS=(kms)\nMODULES=(nouveau ext4)\n", "#HOOKS=(kms)\nMODULES=(ext4)\n"),
            ("HOOKS=(base\n  kms\n  block)\nFILES=(kms)\n", "HOOKS=(base\n \n  block)\nFILES=(kms)\n"),
            ("HOOKS+=(kms)", "HOOKS+=()"), ("MODULES=(kms)\nHOOKS=(nouveau)\n", "MODULES=(kms)\nHOOKS=(nouveau)\n"),
        ])
    func takesKMSOutOfMkinitcpio(_ old: String, _ new: String) {
        #expect(Mkinitcpio.withoutNouveau(old) == new)
        #expect(Mkinitcpio.withoutNouveau(new) == new)
    }

    @Test(
        arguments: [
            ("PRESETS=('default')\n", ["/a"]), ("PRESETS=('default' 'fallback')  # both\n", ["/a", "/b"]),
            ("PRESETS=(\n'default')\n", ["/a", "/b"]), ("", ["/a", "/b"]),
        ] as [(String, [String])])
    func knowsWhatAPresetMakes(_ presets: String, _ images: [String]) {
        #expect(Mkinitcpio.images(preset: presets + "default_image=/a\nfallback_image=\"/b\"\n") == images)
    }

    static let one = [
        "/usr/bin/dracut": "", "/lib/modules/6.1/x": "", "/boot/initrd-6.1": "070701old",
        "/proc/self/mountinfo": "22 1 254:1 / / rw shared:1 - xfs /dev/vda1 rw\n",
    ]
    static let lists: @Sendable (SystemRoot, Bool) -> FakeRunner.Answer = { root, isWhole in
        { command in
            let old = try root.text(command.arguments[1]) == "070701old"
            return CommandResult(
                .exited(0), output: old ? "init\nm/xfs.ko\nm/nouveau.ko\n" : isWhole ? "init\nm/xfs.ko\n" : "init\n")
        }
    }

    /// A rebuild that works but yields an image without the root disk's driver is a failure, and nothing has changed.
    @Test func leavesAnImageThatWouldNotBoot() async throws {
        let fake = try FakeRoot(Self.one)
        let runner = FakeRunner([
            "lsinitrd": Self.lists(fake.root, false),
            "dracut --force /boot/initrd-6.1.gpu-guest-agent-new 6.1": { [root = fake.root] command in
                try root.write("070701new", to: command.arguments[2])
                return CommandResult(.exited(0), output: "dracut: done\n")
            },
        ])
        let initramfs = try #require(Initramfs(Guest(root: fake.root, runner: runner)))
        let unit = try #require(initramfs.units.first)
        let look = try await initramfs.look(at: unit.images[0])
        #expect(look.needsRebuild(without: "nouveau"))
        let failure = await #expect(throws: Failure.self) { try await initramfs.rebuild(unit, before: [look]) }
        #expect(failure?.message.contains("xfs") == true && failure?.evidence.last == "dracut: done")
        #expect(try fake.root.text("/boot/initrd-6.1") == "070701old")
        #expect(fake.root.list("/boot").sorted() == ["initrd-6.1", "initrd-6.1.before-gpu"])
        // Torn by a crash: seen as such, made anew from the copy's point of view.
        try fake.write("/boot/initrd-6.1", "")
        guard case .torn = try await initramfs.look(at: unit.images[0]) else {
            Issue.record("not seen")
            return
        }
    }

    /// A power cut while dracut copies its result finds the old image whole; what it left is written anew.
    @Test func replacesAnImageOnlyByAWholeOne() async throws {
        let fake = try FakeRoot(Self.one.merging(["/boot/initrd-6.1.gpu-guest-agent-new": "torn"]) { $1 })
        let runner = FakeRunner([
            "lsinitrd": Self.lists(fake.root, true),
            "dracut --force": { [root = fake.root] command in
                #expect(try root.text("/boot/initrd-6.1") == "070701old" && !root.exists(command.arguments[2]))
                try root.write("070701new", to: command.arguments[2])
                return CommandResult(.exited(0))
            },
        ])
        let guest = Guest(root: fake.root, runner: runner)
        let initramfs = try #require(Initramfs(guest))
        let unit = try #require(initramfs.units.first)
        try await initramfs.rebuild(unit, before: [try await initramfs.look(at: unit.images[0])])
        #expect(try fake.root.text("/boot/initrd-6.1") == "070701new")
        #expect(fake.root.list("/boot").sorted() == ["initrd-6.1", "initrd-6.1.before-gpu"])
        try guest.changes.restore("/boot/initrd-6.1")
        #expect(try fake.root.text("/boot/initrd-6.1") == "070701old")
    }
}

@Suite struct FramebufferConsoleTests {
    static let files = [
        "/proc/fb": "0 nouveaudrmfb\n", "/sys/class/vtconsole/vtcon0/name": "(S) dummy device\n",
        "/sys/class/vtconsole/vtcon0/bind": "0\n", "/sys/class/vtconsole/vtcon1/name": "(M) frame buffer device\n",
        "/sys/class/vtconsole/vtcon1/bind": "1\n",
    ]

    @Test(
        arguments: [
            ([:], 1), (["/proc/fb": "0 nouveaudrmfb\n1 virtio_gpudrmfb\n"], 0), (["/proc/fb": ""], 0),
            (["/sys/class/vtconsole/vtcon1/bind": "0\n"], 0),
            (["/sys/class/vtconsole/vtcon0/name": "(M) frame buffer device\n"], 0),
        ] as [([String: String], Int)])
    func isTakenOffOnlyWhereThatIsSafe(_ changes: [String: String], _ count: Int) throws {
        let fake = try FakeRoot(Self.files.merging(changes) { $1 })
        #expect(FramebufferConsole(fake.root).consoles(holding: "nouveau").count == count)
    }
}

@Suite struct ModprobeConfigurationTests {
    @Test func findsTheBlacklistsOfOthers() throws {
        let fake = try FakeRoot([
            "/etc/modprobe.d/ours.conf": "blacklist nouveau\n", "/etc/modprobe.d/b.conf": "#blacklist nouveau\n",
            "/usr/lib/modprobe.d/nvidia-installer-disable-nouveau.conf":
                "# generated by nvidia-installer\nblacklist nouveau\noptions nouveau modeset=0\n",
            "/usr/lib/modprobe.d/b.conf": "blacklist nouveau\n",
            "/etc/modprobe.d/z.conf": "options nouveau modeset=1\n",
        ])
        let configuration = ModprobeConfiguration(fake.root)
        let own = "/etc/modprobe.d/ours.conf"
        #expect(
            configuration.blacklisting("nouveau", except: own) == [
                "/usr/lib/modprobe.d/nvidia-installer-disable-nouveau.conf"
            ])
        #expect(
            configuration.contradicting("nouveau", option: "modeset=0", except: own) == [
                "/etc/modprobe.d/z.conf: options nouveau modeset=1"
            ])
    }
}
