import Contract
import FoundationEssentials
import Host
import HostFakes
import SystemPackage
import Testing

@Suite struct RecordingTests {
    /// Answers every probe the same way.
    struct Answering: HostTree {
        let files: FolderTree

        func read(_ path: String, limit: Int) -> Result<[UInt8], Errno> { files.read(path, limit: limit) }
        func names(_ path: String) -> Result<[String], Errno> { files.names(path) }
        func link(_ path: String) -> Result<String, Errno> { files.link(path) }
        func status(_ path: String) -> Result<HostFileStatus, Errno> { files.status(path) }
        func answer(_ probe: HostProbe) async -> HostAnswer? {
            probe == .createVM ? nil : HostAnswer(status: 3, text: "token=abc asked \(probe)")
        }
    }

    @Test func everyLookComesBack() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("sys/a", "one\ntwo\n".utf8)
        try folder.write("sys/binary", [0, 0xff, 0xfe, 7])
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/sys/l", withDestinationPath: "../nowhere/x")
        let live = RecordingTree(Answering(files: FolderTree(root: folder.path)))
        func looks(_ tree: any HostTree) async -> [String] {
            var seen: [String] = []
            seen.append("\(tree.read("/sys/a", limit: 3))")
            seen.append("\(tree.read("/sys/a", limit: 100))")
            seen.append("\(tree.read("/sys/a", limit: 5))")
            seen.append("\(tree.read("/sys/binary", limit: 100))")
            seen.append("\(tree.read("/sys/none", limit: 100))")
            seen.append("\(tree.names("/sys"))")
            seen.append("\(tree.names("/none"))")
            seen.append("\(tree.link("/sys/l"))")
            seen.append("\(tree.link("/sys/a"))")
            seen.append("\(tree.status("/sys/a"))")
            seen.append("\(tree.status("/sys/l"))")
            seen.append("\(await tree.answer(.program(["qemu", "--version"]))?.status ?? -1)")
            seen.append("\(await tree.answer(.createVM)?.status ?? -1)")
            return seen
        }
        let first = await looks(live)
        #expect(first[2].contains("111") && first[9].contains("mode") && first[11] == "3" && first[12] == "-1")
        let file = folder.path + "/recording"
        try Data(live.recording.json()).write(to: URL(filePath: file))
        let recorded = try RecordedTree(file: file)
        #expect(await looks(recorded) == first)
        #expect(recorded.recording == live.recording)
        // What nobody looked at: known to be absent where its folder was listed, unknown elsewhere.
        #expect(recorded.read("/sys/other", limit: 1) == .failure(.noSuchFileOrDirectory))
        #expect(recorded.link("/none/deeper/x") == .failure(.noSuchFileOrDirectory))
        #expect(recorded.status("/etc/passwd") == .failure(.noData))
        #expect(await recorded.answer(.user) == nil)
    }

    @Test func secretsStayOut() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("proc/7/environ", "PASSWORD=hunter2\0".utf8)
        try folder.write("proc/cmdline", "ro intel_iommu=on rd.luks.key=hunter2 quiet\n".utf8)
        let tree = RecordingTree(Answering(files: FolderTree(root: folder.path)))
        #expect(tree.text("/proc/7/environ") == "PASSWORD=hunter2\0")
        #expect(tree.text("/proc/cmdline")?.contains("hunter2") == true)
        _ = await tree.answer(.program(["x"]))
        let text = String(decoding: try tree.recording.json(), as: UTF8.self)
        #expect(!text.contains("hunter2") && !text.contains("environ") && !text.contains("abc"))
        #expect(text.contains("intel_iommu=on rd.luks.key=(removed) quiet"))
    }

    @Test(arguments: [
        ("ro quiet", "ro quiet"),
        ("GRUB_CMDLINE_LINUX=\"inst.rootpw=x y\"", "GRUB_CMDLINE_LINUX=\"inst.rootpw=(removed) y\""),
        ("a db_password = \"x y\" b", "a db_password = (removed) b"),
        ("url=http://me:word@host/x", "url=http://me:(removed)@host/x"),
        (
            "options vfio-pci ids=10de:1c82,10de:0fb9 disable_vga=1",
            "options vfio-pci ids=10de:1c82,10de:0fb9 disable_vga=1"
        ),
        ("one\nWiFi.PSK=2\n", "one\nWiFi.PSK=(removed)\n"),
    ])
    func redacted(text: String, clean: String) {
        #expect(Redaction.text(text) == clean)
    }

    @Test func processArgumentsKeepTheVMAndItsDevices() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let words = ["/usr/bin/qemu", "-name", "guest=web", "-object", "secret,id=s,data=hunter2", "-device"]
        let more = ["vfio-pci,host=41:00.0", "-device", "e1000", "-smbios", "-name", "x", "hunter2"]
        try folder.write("proc/9/cmdline", ((words + more).joined(separator: "\0") + "\0").utf8)
        let tree = RecordingTree(FolderTree(root: folder.path))
        _ = tree.text("/proc/9/cmdline")
        let kept = RecordedTree(tree.recording).text("/proc/9/cmdline")?.split(separator: "\0").map { String($0) }
        let gone = Redaction.mark
        #expect(
            kept == [
                "/usr/bin/qemu", "-name", "guest=web", gone, gone, "-device", "vfio-pci,host=41:00.0", "-device", gone,
                gone, "-name", "x", gone,
            ])
    }

    @Test(arguments: [
        ("", "no recording"), ("[]", "no recording"), ("{\"schema\": 99}", "schema 99"),
        ("{\"schema\": 1, \"files\": 3}", "damaged"),
    ])
    func badRecordings(text: String, words: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = try folder.write("r", text.utf8)
        let refusal = await failure { _ = try RecordedTree(file: file) }
        #expect(refusal?.message.contains(words) == true)
    }

    @Test func linksOfACopyStayInIt() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("usr/lib/os-release", "ID=copy\n".utf8)
        let files = FileManager.default
        try files.createDirectory(atPath: folder.path + "/etc", withIntermediateDirectories: true)
        for (name, target) in [
            ("etc/os-release", "/usr/lib/os-release"), ("etc/up", "../../../../usr/lib/os-release"),
            ("lib", "/usr/lib"),
            ("etc/loop", "loop"), ("etc/hosts", "/etc/hosts"),
        ] {
            try files.createSymbolicLink(atPath: "\(folder.path)/\(name)", withDestinationPath: target)
        }
        let tree = FolderTree(root: folder.path)
        #expect(tree.text("/etc/os-release") == "ID=copy\n")
        #expect(tree.text("/etc/up") == "ID=copy\n")
        #expect(tree.list("/lib") == ["os-release"])
        #expect(tree.link("/etc/os-release") == .success("/usr/lib/os-release"))
        #expect(tree.read("/etc/loop", limit: 9) == .failure(.tooManySymbolicLinkLevels))
        #expect(tree.read("/etc/hosts", limit: 9) == .failure(.tooManySymbolicLinkLevels))
        #expect(tree.status("/lib") != .failure(.noSuchFileOrDirectory))
    }
}
