import BootConfiguration
import Contract
import GuestFakes
import Testing

@testable import Guest

@Suite struct KernelParametersTests {
    static let ours = ["rd.driver.blacklist=nouveau", "modprobe.blacklist=nouveau", "nouveau.modeset=0"]
    static let all = ours.joined(separator: " ")

    @Test(
        arguments: [
            ("", all), ("ro  quiet", "ro  quiet \(all)"), (" ro ", " ro \(all)"), (all + " x", all + " x"),
            ("nouveau.modeset=1 x", "nouveau.modeset=0 x rd.driver.blacklist=nouveau modprobe.blacklist=nouveau"),
            (
                "modprobe.blacklist=floppy,pcspkr x",
                "modprobe.blacklist=floppy,pcspkr,nouveau x rd.driver.blacklist=nouveau nouveau.modeset=0"
            ),
            // The last one counts; a name that begins alike is another.
            (
                "nouveau.modeset=0 nouveau.modeset=1",
                "nouveau.modeset=0 nouveau.modeset=0 rd.driver.blacklist=nouveau modprobe.blacklist=nouveau"
            ),
            (
                "modprobe.blacklist=nouveau2",
                "modprobe.blacklist=nouveau2,nouveau rd.driver.blacklist=nouveau nouveau.modeset=0"
            ),
        ])
    func merges(_ old: String, _ new: String) {
        let once = KernelParameters.adding(Self.ours, to: old)
        #expect(once == new)
        #expect(KernelParameters.adding(Self.ours, to: once) == once)
        #expect(KernelParameters.missing(Self.ours, in: once.words).isEmpty)
    }

    @Test(arguments: ["", "ro  quiet", " ro", "modprobe.blacklist=floppy x", "console=ttyS0 console=tty0"])
    func takesOutWhatItPutIn(_ line: String) {
        #expect(KernelParameters.removing(Self.ours, from: KernelParameters.adding(Self.ours, to: line)) == line)
    }
}

extension GrubDefaultsTests {
    static let more = [
        Case(name: "no final newline", old: "GRUB_CMDLINE_LINUX=\"x\"", new: "GRUB_CMDLINE_LINUX=\"x a b=c\""),
        Case(
            name: "an addition counts", old: "GRUB_CMDLINE_LINUX=\"a\"\nGRUB_CMDLINE_LINUX+=\" x\"\n",
            new: "GRUB_CMDLINE_LINUX=\"a\"\nGRUB_CMDLINE_LINUX+=\" x b=c\"\n"),
        Case(
            name: "an empty addition", old: "GRUB_CMDLINE_LINUX=x\nGRUB_CMDLINE_LINUX+=\"\"\n",
            new: "GRUB_CMDLINE_LINUX=x\nGRUB_CMDLINE_LINUX+=\" a b=c\"\n"),
        Case(
            name: "a condition may not hold",
            old: "GRUB_CMDLINE_LINUX=\"x\"\nif true; then\n  GRUB_CMDLINE_LINUX=\"a b=c\"\nfi\n",
            new:
                "GRUB_CMDLINE_LINUX=\"x\"\nif true; then\n  GRUB_CMDLINE_LINUX=\"a b=c\"\nfi\nGRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX a b=c\"\n"
        ),
        Case(
            name: "text in quotes is no assignment", old: "X=\"\nGRUB_CMDLINE_LINUX=a\n\"\nGRUB_CMDLINE_LINUX=\"x\"\n",
            new: "X=\"\nGRUB_CMDLINE_LINUX=a\n\"\nGRUB_CMDLINE_LINUX=\"x a b=c\"\n"),
        Case(
            name: "another value of ours is replaced", old: "GRUB_CMDLINE_LINUX=\"b=z x\"\n",
            new: "GRUB_CMDLINE_LINUX=\"b=c x a\"\n"),
        Case(
            name: "also where it would come later",
            old: "GRUB_CMDLINE_LINUX=\"x\"\nGRUB_CMDLINE_LINUX_DEFAULT='quiet b=z' # c\n",
            new: "GRUB_CMDLINE_LINUX=\"x a b=c\"\nGRUB_CMDLINE_LINUX_DEFAULT='quiet b=c' # c\n"),
        Case(
            name: "exported", old: "export GRUB_CMDLINE_LINUX=\"x\"\n", new: "export GRUB_CMDLINE_LINUX=\"x a b=c\"\n"),
        Case(
            name: "two commands on a line", old: "GRUB_CMDLINE_LINUX=\"x\"; Y=1\n",
            new: "GRUB_CMDLINE_LINUX=\"x\"; Y=1\nGRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX a b=c\"\n"),
        Case(
            name: "glued quotes", old: "GRUB_CMDLINE_LINUX=\"x\"'y'\n",
            new: "GRUB_CMDLINE_LINUX=\"x\"'y'\nGRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX a b=c\"\n"),
    ]

    @Test(arguments: more) func addsOnceHereToo(_ example: Case) { addsOnce(example) }

    @Test(arguments: cases + more) func isUndone(_ example: Case) {
        let undone = GrubDefaults.removing(["a", "b=c"], from: example.new)
        #expect(!undone.words.contains("b=c\"") || example.old.contains("b=c"), "\(example.name)")
        #expect(GrubDefaults.removing(["a", "b=c"], from: undone) == undone)
        // Where nothing of it was there, the old text comes back, but for quotes and an assignment that was not there.
        let plain = ["value, comment and other keys stay", "single quotes", "no final newline", "exported"]
        if plain.contains(example.name) { #expect(undone == example.old, "\(example.name)") }
    }
}

@Suite struct BootEntriesTests {
    @Test func readsAConfiguration() {
        let configuration = GrubConfiguration(
            """
            menuentry { linux16 /boot/memtest86+.bin }
            \tlinux16 /boot/memtest86+.bin
            \tlinux ($root)/boot/vmlinuz-6.1 root=x a
            \tinitrd ($root)/boot/ucode.img ($root)/boot/initrd.img-6.1
            \tlinux /abc/6.2/linux root=x
            ### BEGIN /etc/grub.d/30_os-prober ###
            \tlinux /boot/vmlinuz-5.10 root=/dev/sdb1
            \tinitrd /boot/foreign
            ### END /etc/grub.d/30_os-prober ###
            """)
        #expect(configuration.entries.map(\.kernel) == ["/boot/vmlinuz-6.1", "/abc/6.2/linux"])
        #expect(configuration.entries[0].initrds == ["/boot/ucode.img", "/boot/initrd.img-6.1"])
        #expect(configuration.entries[0].arguments == ["root=x", "a"])
        #expect(configuration.entries[1].boots("6.2") && !configuration.entries[1].boots("6.1"))
        #expect(configuration.boots && !GrubConfiguration("configfile $prefix/grub.cfg\n").boots)
        #expect(GrubConfiguration("insmod blscfg\nblscfg\n").boots)
    }

    static let entry = "title T\nversion 5.14\nlinux /vmlinuz-5.14\ninitrd /initramfs-5.14.img $tuned_initrd\n"

    @Test(
        arguments: [
            ("options ro x\n", "options ro x a b=c\n", ["ro", "x"]),
            ("options $kernelopts $tuned_params\n", "options $kernelopts $tuned_params a b=c\n", ["k", "l"]),
            ("options ro\noptions b=d", "options ro\noptions b=c a", ["ro", "b=d"]), ("", "options a b=c\n", []),
        ] as [(String, String, [String])])
    func editsAnEntry(_ old: String, _ new: String, _ arguments: [String]) {
        let file = EntryFile(Self.entry + old)
        let entry = file.entry(source: "f", variables: ["kernelopts": "k l"])
        #expect(entry?.arguments == arguments && entry?.initrds == ["/initramfs-5.14.img"])
        #expect(entry?.boots("5.14") == true)
        let added = file.adding(["a", "b=c"])
        #expect(added == Self.entry + new)
        #expect(EntryFile(added).adding(["a", "b=c"]) == added)
        if !old.contains("b=d") { #expect(EntryFile(added).removing(["a", "b=c"]) == Self.entry + old) }
    }

    struct Loader: Sendable {
        var name: String
        var files: [String: String]
        var kind: BootLoader.Kind
    }

    static let kernel = "linux /vmlinuz-6.1 root=x\ninitrd /initrd\n"
    static let redirector = "search --fs-uuid x\nset prefix=($dev)/grub2\nconfigfile $prefix/grub.cfg\n"
    static let bls = "insmod blscfg\nblscfg\n"
    static let d = ["/etc/default/grub": "GRUB_CMDLINE_LINUX=\"\"\n"]

    static let loaders = [
        Loader(
            name: "Debian", files: d.merging(["/boot/grub/grub.cfg": kernel]) { $1 },
            kind: .grub(configuration: "/boot/grub/grub.cfg")),
        Loader(
            name: "Debian, UEFI",
            files: d.merging([
                "/boot/grub/grub.cfg": kernel, "/boot/efi/EFI/debian/grub.cfg": redirector, "/sys/firmware/efi/x": "",
            ]) { $1 }, kind: .grub(configuration: "/boot/grub/grub.cfg")),
        Loader(
            name: "EL 7, UEFI",
            files: d.merging([
                "/boot/grub2/grub.cfg": kernel, "/boot/efi/EFI/centos/grub.cfg": kernel, "/sys/firmware/efi/x": "",
            ]) { $1 }, kind: .grub(configuration: "/boot/efi/EFI/centos/grub.cfg")),
        Loader(
            name: "EL 9, UEFI",
            files: d.merging([
                "/boot/grub2/grub.cfg": bls, "/boot/efi/EFI/rocky/grub.cfg": redirector, "/sys/firmware/efi/x": "",
                "/boot/loader/entries/a.conf": entry,
            ]) { $1 }, kind: .grubWithEntries(folder: "/boot/loader/entries")),
        Loader(
            name: "EL 8 without BLS",
            files: d.merging(["/boot/grub2/grub.cfg": kernel, "/boot/loader/entries/a.conf": entry]) { $1 },
            kind: .grub(configuration: "/boot/grub2/grub.cfg")),
        Loader(
            name: "systemd-boot", files: ["/efi/loader/entries/arch.conf": entry],
            kind: .entries(folder: "/efi/loader/entries")),
        Loader(
            name: "unified", files: ["/boot/EFI/Linux/arch-linux.efi": ""],
            kind: .leftAlone("/boot/EFI/Linux/arch-linux.efi is a unified kernel image, with a command line of its own")
        ),
        Loader(name: "extlinux", files: ["/boot/extlinux/extlinux.conf": ""], kind: .leftAlone("extlinux")),
        Loader(
            name: "a configuration of the user's own", files: ["/boot/grub/grub.cfg": kernel],
            kind: .leftAlone("GRUB without /etc/default/grub")),
        Loader(name: "host", files: [:], kind: .leftAlone("no GRUB")),
    ]

    @Test(arguments: loaders) func findsOutWhatBoots(_ loader: Loader) throws {
        let fake = try FakeRoot(loader.files)
        #expect(BootLoader(Guest(root: fake.root, runner: FakeRunner([:]))).kind == loader.kind, "\(loader.name)")
    }

    /// grubby replaces a key's value: what somebody blacklisted stays in the list.
    @Test func tellsGrubbyWholeValues() throws {
        let fake = try FakeRoot(
            Self.d.merging([
                "/boot/grub2/grub.cfg": Self.bls, "/usr/sbin/grubby": "", "/proc/sys/kernel/osrelease": "5.14\n",
                "/boot/loader/entries/a.conf": Self.entry + "options ro modprobe.blacklist=floppy\n",
                "/boot/loader/entries/b.conf": "version 5.13\nlinux /vmlinuz-5.13\noptions ro\n",
            ]) { $1 })
        let guest = Guest(root: fake.root, runner: FakeRunner([:]))
        let lines = { (loader: BootLoader) in
            loader.changes(adding: KernelParametersTests.ours).compactMap { change -> String? in
                if case .run(let command, _) = change { command.arguments.joined(separator: "|") } else { nil }
            }
        }
        let first = "--args=rd.driver.blacklist=nouveau modprobe.blacklist=floppy,nouveau nouveau.modeset=0"
        #expect(
            lines(BootLoader(guest)) == [
                "grubby|--update-kernel=/boot/vmlinuz-5.14|\(first)",
                "grubby|--update-kernel=/boot/vmlinuz-5.13|--args=\(KernelParametersTests.all)",
            ])
        let running = BootLoader(guest, kernels: .running)
        #expect(lines(running).count == 1)
        // Settings of kernels to come are not the running kernel's.
        #expect(running.changes(adding: ["a"]).count == 1 && BootLoader(guest).changes(adding: ["a"]).count == 2)
        try fake.write(
            "/boot/loader/entries/a.conf",
            Self.entry + "options ro modprobe.blacklist=floppy,nouveau nouveau.modeset=0\n")
        let back = BootLoader(guest).changes(removing: KernelParametersTests.ours).compactMap { change -> [String]? in
            if case .run(let command, _) = change { command.arguments } else { nil }
        }
        #expect(
            back == [
                [
                    "grubby", "--update-kernel=/boot/vmlinuz-5.14", "--remove-args=nouveau.modeset=0",
                    "--args=modprobe.blacklist=floppy",
                ]
            ])
    }

    @Test func putsBackAConfigurationThatBootsNothing() async throws {
        let fake = try FakeRoot(Self.d.merging(["/boot/grub2/grub.cfg": Self.kernel]) { $1 })
        let runner = FakeRunner([
            "grub2-mkconfig -o /boot/grub2/grub.cfg": { [root = fake.root] _ in
                try root.write("# torn\n", to: "/boot/grub2/grub.cfg")
                return CommandResult(.exited(0))
            }
        ])
        let failure = await #expect(throws: Failure.self) {
            try await BootLoader(Guest(root: fake.root, runner: runner)).add(["a"])
        }
        #expect(failure?.code == .bootLoader && failure?.cleanup == [])
        #expect(try fake.root.text("/boot/grub2/grub.cfg") == Self.kernel)
        #expect(try fake.root.text("/etc/default/grub") == Self.d["/etc/default/grub"])
    }

    @Test func editsEntriesThatNoProgramKeeps() async throws {
        let fake = try FakeRoot([
            "/boot/loader/entries/a.conf": Self.entry + "options ro\n", "/etc/kernel/cmdline": "# mine\nro quiet\n",
        ])
        let loader = BootLoader(Guest(root: fake.root, runner: FakeRunner([:])))
        try await loader.add(["a"])
        #expect(loader.missing(["a"]).isEmpty && loader.changes(adding: ["a"]).isEmpty)
        #expect(try fake.root.text("/etc/kernel/cmdline") == "# mine\nro quiet a\n")
        try await loader.remove(["a"])
        #expect(try fake.root.text("/boot/loader/entries/a.conf") == Self.entry + "options ro\n")
        #expect(try fake.root.text("/etc/kernel/cmdline") == "# mine\nro quiet\n")
    }
}
