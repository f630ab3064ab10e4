import BootConfiguration
import Contract
import FoundationEssentials
import Host
import HostFakes
import Synchronization
import SystemPackage
import Testing

@testable import Passthrough

/// A distribution's files from Fixtures/guests, on the hardware of ``TableTree``.
struct DressedTree: HostTree {
    let hardware: TableTree
    let files: FolderTree

    func read(_ path: String, limit: Int) -> Result<[UInt8], Errno> {
        if case .success(let bytes) = hardware.read(path, limit: limit) { return .success(bytes) }
        return files.read(path, limit: limit)
    }
    func names(_ path: String) -> Result<[String], Errno> {
        let all = Set((try? hardware.names(path).get()) ?? []).union((try? files.names(path).get()) ?? [])
        return all.isEmpty ? files.names(path) : .success(all.sorted())
    }
    func link(_ path: String) -> Result<String, Errno> {
        if case .success(let target) = hardware.link(path) { return .success(target) }
        return files.link(path)
    }
    func status(_ path: String) -> Result<HostFileStatus, Errno> {
        if case .success(let status) = hardware.status(path) { return .success(status) }
        return files.status(path)
    }
    func answer(_ probe: HostProbe) async -> HostAnswer? { await hardware.answer(probe) }
}

extension TableTree {
    /// The good host's hardware without its distribution; the card is on nouveau.
    static var bare: TableTree {
        var tree = TableTree.good
        for path in tree.files.keys
        where ["/boot", "/lib", "/etc", "/usr", "/proc/sys"].contains(where: { path.hasPrefix($0) }) {
            tree.files[path] = nil
        }
        tree.files["/proc/cmdline"] = "ro quiet\n"
        tree.links["/sys/bus/pci/devices/0000:41:00.0/driver"] = "drivers/nouveau"
        tree.links["/sys/bus/pci/devices/0000:41:00.1/driver"] = "drivers/snd_hda_intel"
        return tree
    }

    /// Does to this tree what a fix's files and the known programs would do to a host.
    mutating func apply(_ fix: HostFix) {
        for file in fix.files { files[file.path] = file.new }
    }
}

@Suite struct HostFixTests {
    static let distributions = [
        "debian-12", "ubuntu-22.04", "ubuntu-24.04", "centos-7", "rocky-8", "rocky-9", "fedora-42", "arch",
        "opensuse-leap-15.6", "opensuse-tumbleweed",
    ]

    static func plan(_ tree: any HostTree, gpus: [String] = []) async -> HostFix {
        await HostFix.plan(tree, DoctorRequest(memory: 4 << 30, gpus: gpus.compactMap { PCIAddress($0) }))
    }

    /// The seed's card, alone of its kind, and with a second one that the host keeps.
    @Test(arguments: distributions, [false, true])
    func plansAsRecorded(distribution: String, shared: Bool) async throws {
        var hardware = TableTree.bare
        if shared { hardware.add("0000:01:00.0", driver: "nouveau", group: 9, bootVGA: true, bar: 0xa000_0000) }
        let tree = DressedTree(hardware: hardware, files: FolderTree(root: "\(fixtures)/guests/\(distribution)"))
        let text = await Self.plan(tree).text(dryRun: true) + "\n"
        try expectGolden("doctor-fix/\(distribution)\(shared ? "-shared-id" : "").txt", text)
    }

    /// After the files are written and the programs have run, a second look finds nothing to do.
    @Test(arguments: distributions)
    func isIdempotent(distribution: String) async throws {
        var tree = DressedTree(
            hardware: .bare, files: FolderTree(root: "\(fixtures)/guests/\(distribution)"))
        let first = await Self.plan(tree)
        #expect(!first.isEmpty)
        #expect(first.needsReboot)
        var hardware = tree.hardware
        hardware.apply(first)
        // What the boot loader's programs do.
        for command in first.commands where command.part == .bootLoader {
            simulate(command, in: tree, &hardware)
        }
        tree = DressedTree(hardware: hardware, files: tree.files)
        let second = await Self.plan(tree)
        #expect(second.isEmpty, "\(second.text(dryRun: true))")
        #expect(second.needsReboot)
        #expect(second.text(dryRun: false).contains("Reboot"))
    }

    private func simulate(_ command: HostFix.Command, in tree: DressedTree, _ hardware: inout TableTree) {
        let parameters = GrubDefaults.adding([], to: hardware.files[GrubDefaults.path] ?? "")
        let words = ShellAssignments(parameters).all.last { $0.name == "GRUB_CMDLINE_LINUX" }?.parts?.value ?? ""
        if command.arguments[0] == "grubby" {
            let added = command.arguments[2].dropFirst("--args=".count).split(separator: " ").map { String($0) }
            for name in tree.list("/boot/loader/entries") {
                let path = "/boot/loader/entries/\(name)"
                hardware.files[path] = EntryFile(tree.text(path) ?? "").adding(added)
            }
        } else {
            for path in ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"] {
                guard let old = tree.text(path) else { continue }
                hardware.files[path] = old.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                    let first = line.split(whereSeparator: \.isWhitespace).first ?? ""
                    return ["linux", "linux16", "linuxefi"].contains(first) ? line + " " + words : String(line)
                }.joined(separator: "\n")
            }
        }
    }

    @Test func keepsCommentsAndForeignFiles() async throws {
        var tree = TableTree.bare
        tree.files["/etc/default/grub"] = "# mine\nGRUB_CMDLINE_LINUX=\"quiet intel_iommu=off\" # keep\n"
        tree.files["/boot/grub/grub.cfg"] = "menuentry 'x' {\n linux /vmlinuz-6.1 ro quiet\n}\n"
        tree.files["/usr/sbin/update-grub"] = ""
        tree.files["/etc/modprobe.d/vfio.conf"] = "# mine\noptions vfio-pci ids=10de:134d disable_vga=1\n"
        tree.files["/etc/modprobe.d/blacklist.conf"] = "blacklist nouveau\n"
        tree.files["/etc/modprobe.d/kvm.conf"] = "options kvm ignore_msrs=0\n"
        let fix = await Self.plan(tree)
        func new(_ path: String) -> String? { fix.files.first { $0.path == path }?.new }
        #expect(
            new("/etc/default/grub")
                == "# mine\nGRUB_CMDLINE_LINUX=\"quiet intel_iommu=on iommu=pt nouveau.modeset=0\" # keep\n")
        #expect(
            new("/etc/modprobe.d/vfio.conf")
                == "# mine\noptions vfio-pci ids=10de:134d,10de:1c82,10de:0fb9 disable_vga=1\n")
        #expect(new("/etc/modprobe.d/provision-gpu-vm.conf")?.contains("blacklist nouveau") == false)
        #expect(new("/etc/modprobe.d/provision-gpu-vm-kvm.conf") == nil)
        #expect(fix.commands.map(\.arguments) == [["update-grub"]])
        #expect(fix.notes.contains { $0.contains("initramfs was not found") })
    }

    @Test func aSharedIDLeavesTheSeedsLine() async throws {
        var tree = TableTree.bare
        tree.add("0000:01:00.0", driver: "nvidia", group: 9, bootVGA: true)
        tree.files["/etc/modprobe.d/vfio.conf"] = "options vfio-pci ids=10de:1c82\n"
        let fix = await Self.plan(tree)
        #expect(fix.files.first { $0.path == "/etc/modprobe.d/vfio.conf" }?.new == "# options vfio-pci ids=10de:1c82\n")
        let script = try #require(fix.files.first { $0.path == "/usr/local/sbin/provision-gpu-vm-vfio" })
        #expect(script.mode == 0o755)
        #expect(script.new.contains("take 0000:41:00.0 0x10de 0x1c82\ntake 0000:41:00.1 0x10de 0x0fb9\n"))
        #expect(!script.new.contains("0000:01:00.0"))
    }

    @Test func virqfdGoesFrom62On() async throws {
        var tree = TableTree.bare
        tree.files["/proc/sys/kernel/osrelease"] = "6.8.0-45-generic\n"
        tree.files["/etc/modules-load.d/vfio.conf"] = "vfio\nvfio_virqfd\n"
        let fix = await Self.plan(tree)
        let theirs = try #require(fix.files.first { $0.path == "/etc/modules-load.d/vfio.conf" })
        #expect(theirs.new.hasPrefix("vfio\n# vfio_virqfd"))
        let ours = try #require(fix.files.first { $0.path == "/etc/modules-load.d/provision-gpu-vm.conf" })
        #expect(!ours.new.contains("virqfd"))
        tree.files["/proc/sys/kernel/osrelease"] = "5.14.0-427.el9.x86_64\n"
        let older = await Self.plan(tree)
        #expect(older.files.first { $0.path == "/etc/modules-load.d/vfio.conf" } == nil)
        #expect(older.files.first { $0.path == ours.path }?.new.contains("vfio_virqfd") == true)
    }

    @Test func severalCardsMustBeNamed() async throws {
        var tree = TableTree.bare
        tree.add("0000:81:00.0", id: ("10de", "2204"), driver: nil, group: 9)
        let open = await Self.plan(tree)
        #expect(!open.files.contains { $0.path.contains("provision-gpu-vm.conf") })
        #expect(open.notes.contains { $0.contains("0000:41:00.0, 0000:81:00.0") })
        let named = await Self.plan(tree, gpus: ["81:00.0"])
        let text = try #require(named.files.first { $0.path == "/etc/modprobe.d/provision-gpu-vm.conf" }).new
        #expect(text.contains("ids=10de:2204 "))
        // The other card stays with the host, on nouveau.
        #expect(!text.contains("blacklist"))
        #expect(text.contains("softdep nouveau pre: vfio-pci"))
    }

    @Test func systemdBootAndStrangers() async throws {
        var tree = TableTree.bare
        tree.files["/boot/loader/entries/arch.conf"] = "title Arch\nlinux /vmlinuz-linux\noptions root=/dev/sda2 rw\n"
        tree.files["/etc/kernel/cmdline"] = "# kept\nroot=/dev/sda2 rw\n"
        let fix = await Self.plan(tree)
        func new(_ path: String) -> String? { fix.files.first { $0.path == path }?.new }
        let words = "intel_iommu=on iommu=pt nouveau.modeset=0"
        #expect(
            new("/boot/loader/entries/arch.conf")
                == "title Arch\nlinux /vmlinuz-linux\noptions root=/dev/sda2 rw \(words)\n")
        #expect(new("/etc/kernel/cmdline") == "# kept\nroot=/dev/sda2 rw \(words)\n")

        let stranger = await Self.plan(TableTree.bare)
        #expect(stranger.notes.contains { $0.contains("no boot loader was found") && $0.contains(words) })
        #expect(stranger.commands.isEmpty)
    }

    @Test func aFragmentThatSetsTheVariableAnew() async throws {
        var tree = TableTree.bare
        tree.files["/etc/default/grub"] = "GRUB_CMDLINE_LINUX=\"\"\n"
        tree.files["/etc/default/grub.d/50-cloud.cfg"] = "GRUB_CMDLINE_LINUX=\"console=ttyS0\"\n"
        tree.files["/boot/grub/grub.cfg"] = "linux /vmlinuz-6.1 ro\n"
        tree.files["/usr/sbin/update-grub"] = ""
        let fix = await Self.plan(tree)
        #expect(fix.files.contains { $0.path == "/etc/default/grub.d/zz-provision-gpu-vm.cfg" })
    }

    @Test func theDifference() {
        let old = (1...12).map { "line \($0)\n" }.joined()
        let new = old.replacing("line 6\n", with: "line six\nand more\n")
        #expect(
            UnifiedDiff.lines(path: "/etc/x", old: old, new: new) == [
                "--- /etc/x", "+++ /etc/x", "@@ -3,7 +3,8 @@", " line 3", " line 4", " line 5", "-line 6", "+line six",
                "+and more", " line 7", " line 8", " line 9",
            ])
        #expect(
            UnifiedDiff.lines(path: "/x", old: nil, new: "a\n") == ["--- /dev/null", "+++ /x", "@@ -0,0 +1,1 @@", "+a"])
        #expect(UnifiedDiff.lines(path: "/x", old: "a\n", new: "a\n").isEmpty)
        #expect(UnifiedDiff.lines(path: "/x", old: "a\nb\n", new: "b\n").contains("-a"))
    }
}

/// Compares with Fixtures/golden, or writes there where UPDATE_GOLDEN is set.
func expectGolden(_ name: String, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let url = URL(filePath: "\(fixtures)/golden/\(name)")
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }
    let golden = FileManager.default.contents(atPath: url.path()).map { String(decoding: $0, as: UTF8.self) }
    #expect(golden == text, "\(name)", sourceLocation: sourceLocation)
}

/// Files in a folder, programs that are only noted; whatever was not announced is refused.
private final class FolderChanges: HostChanges {
    let files: LiveHostChanges
    let expected: Mutex<[[String]: ToolResult]>
    let ran = Mutex<[[String]]>([])

    init(_ folder: TemporaryFolder, _ expected: [[String]: ToolResult]) {
        files = LiveHostChanges(root: folder.path)
        self.expected = Mutex(expected)
    }

    func text(_ path: String) throws -> String? { try files.text(path) }
    func keep(_ path: String) throws -> String { try files.keep(path) }
    func write(_ path: String, _ text: String, mode: UInt32) throws { try files.write(path, text, mode: mode) }
    func remove(_ path: String) throws { try files.remove(path) }
    func run(_ arguments: [String]) async throws -> ToolResult {
        ran.withLock { $0.append(arguments) }
        guard let result = expected.withLock({ $0[arguments] }) else {
            throw Failure(.internal, operation: "run", message: "not expected: \(arguments)", remedy: "", side: .host)
        }
        return result
    }
}

@Suite struct HostChangesTests {
    static let fix = {
        var fix = HostFix()
        fix.files = [
            .init(path: "/etc/default/grub", old: "old\n", new: "new\n", reason: "r"),
            .init(path: "/usr/local/sbin/x", old: nil, new: "#!/bin/sh\n", mode: 0o755, reason: "r"),
        ]
        fix.commands = [
            .init(["update-initramfs", "-u", "-k", "all"], .initramfs), .init(["update-grub"], .bootLoader),
        ]
        return fix
    }()

    static func mode(_ path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
    }

    @Test func writesKeepsAndRuns() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let grub = try folder.write("etc/default/grub", "old\n".utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: grub)
        let good = ToolResult(status: 0, output: "", error: "")
        let host = FolderChanges(folder, [Self.fix.commands[0].arguments: good, Self.fix.commands[1].arguments: good])
        var told: [String] = []
        try await Self.fix.apply(host) { told.append($0) }
        #expect(folder.read("etc/default/grub") == "new\n")
        #expect(Self.mode(grub) == 0o600)
        #expect(folder.read("etc/default/grub.before-provision-gpu-vm") == "old\n")
        #expect(Self.mode(folder.path + "/usr/local/sbin/x") == 0o755)
        #expect(host.ran.withLock { $0 } == Self.fix.commands.map(\.arguments))
        #expect(!FileManager.default.fileExists(atPath: folder.path + HostFix.pendingPath))
        #expect(told.contains("kept /etc/default/grub.before-provision-gpu-vm"))
        // Nothing else is left lying about.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/etc/default").count == 2)
    }

    @Test func whatFailedIsPending() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("etc/default/grub", "old\n".utf8)
        let host = FolderChanges(
            folder,
            [
                Self.fix.commands[0].arguments: ToolResult(status: 0, output: "", error: ""),
                Self.fix.commands[1].arguments: ToolResult(status: 1, output: "", error: "no space\n"),
            ])
        let failure = await failure { try await Self.fix.apply(host) { _ in } }
        #expect(failure?.evidence == ["no space"])
        #expect(folder.read(String(HostFix.pendingPath.dropFirst())) == "bootLoader\n")

        var tree = TableTree.bare
        tree.files["/etc/default/grub"] =
            "GRUB_CMDLINE_LINUX=\"intel_iommu=on iommu=pt nouveau.modeset=0\"\n"
        tree.files["/boot/grub/grub.cfg"] = "linux /vmlinuz-6.1 ro intel_iommu=on iommu=pt nouveau.modeset=0\n"
        tree.files["/usr/sbin/update-grub"] = ""
        tree.files["/usr/sbin/mkinitramfs"] = ""
        tree.apply(await HostFixTests.plan(tree))
        #expect(await HostFixTests.plan(tree).isEmpty)
        tree.files[HostFix.pendingPath] = "initramfs\nbootLoader\n"
        #expect(
            await HostFixTests.plan(tree).commands.map(\.arguments) == [
                ["update-initramfs", "-u", "-k", "all"], ["update-grub"],
            ])
    }

    @Test func aFileThatChangedMeanwhile() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("etc/default/grub", "another\n".utf8)
        let failure = await failure { try await Self.fix.apply(FolderChanges(folder, [:])) { _ in } }
        #expect(failure?.message.contains("was changed") == true)
        #expect(folder.read("etc/default/grub") == "another\n")
    }

    @Test func theOldestCopyIsKept() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let changes = LiveHostChanges(root: folder.path)
        try folder.write("etc/x", "one\n".utf8)
        #expect(try changes.keep("/etc/x") == "/etc/x.before-provision-gpu-vm")
        try changes.write("/etc/x", "two\n", mode: 0o644)
        #expect(try changes.keep("/etc/x") == "/etc/x.before-provision-gpu-vm.2")
        #expect(folder.read("etc/x.before-provision-gpu-vm") == "one\n")
    }

    @Test func aLinkStaysOne() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("etc/real", "one\n".utf8)
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/etc/x", withDestinationPath: "real")
        try LiveHostChanges(root: folder.path).write("/etc/x", "two\n", mode: 0o644)
        #expect(folder.read("etc/real") == "two\n")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/etc/x") == "real")
    }
}
