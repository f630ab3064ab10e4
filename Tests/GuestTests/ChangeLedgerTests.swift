import Contract
import Glibc
import GuestFakes
import SystemPackage
import Testing

@testable import Guest

@Suite struct ChangeLedgerTests {
    private static let grub = "/etc/default/grub"

    private static func mode(_ path: String, _ fake: FakeRoot) -> UInt32 {
        var status = stat()
        return lstat(fake.root.real(path), &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func keepsTheFirstOriginalThroughSeveralRuns() throws {
        let fake = try FakeRoot([Self.grub: "first"])
        chmod(fake.root.real(Self.grub), 0o640)
        try ChangeLedger(fake.root).write("second", to: Self.grub)
        try ChangeLedger(fake.root).write("third", to: Self.grub)
        #expect(try fake.root.text(Self.grub) == "third")
        #expect(try ChangeLedger(fake.root).read().files.count == 1)
        #expect(try ChangeLedger(fake.root).restore(Self.grub) == .restored)
        #expect(try fake.root.text(Self.grub) == "first")
        #expect(Self.mode(Self.grub, fake) == 0o640)
        #expect(try ChangeLedger(fake.root).restore(Self.grub) == .restored)

        // Changed again after it was put back: what is there now is the original.
        try fake.write(Self.grub, "the user's")
        try ChangeLedger(fake.root).write("fourth", to: Self.grub)
        #expect(try ChangeLedger(fake.root).restore(Self.grub) == .restored)
        #expect(try fake.root.text(Self.grub) == "the user's")
    }

    @Test func leavesWhatSomebodyChangedSince() throws {
        let fake = try FakeRoot([Self.grub: "first"])
        let ledger = ChangeLedger(fake.root)
        try ledger.write("ours", to: Self.grub)
        try fake.write(Self.grub, "ours, and theirs")
        #expect(try ledger.restore(Self.grub) == .left("somebody changed it since"))
        #expect(try fake.root.text(Self.grub) == "ours, and theirs")
        #expect(try ledger.read().files.map(\.outcome) == [.left("somebody changed it since")])

        // Permissions are somebody's as well.
        try ledger.write("new", to: "/etc/new", mode: 0o644)
        chmod(fake.root.real("/etc/new"), 0o600)
        #expect(try ledger.restore("/etc/new") != .restored)
    }

    @Test func takesNewFilesLinksAndFoldersAway() throws {
        let fake = try FakeRoot(["/etc/x": "", "/usr/local/x": ""])
        try fake.link("/usr/local/cuda", "cuda-9")
        let ledger = ChangeLedger(fake.root)
        try ledger.write("a", to: "/etc/a.d/b.d/c.conf", mode: 0o600)
        #expect(Self.mode("/etc/a.d/b.d/c.conf", fake) == 0o600)
        try ledger.write("d", to: "/etc/d.d/e")
        try fake.write("/etc/d.d/users", "")
        try ledger.link("/usr/local/cuda", to: "cuda-11")
        try ledger.link("/usr/local/other", to: "cuda-11")
        try ledger.remove("/etc/x")
        for change in try ledger.read().files { #expect(try ledger.restore(change.path) == .restored) }
        #expect(try ledger.removeDirectories() == ["/etc/d.d"])
        #expect(fake.root.list("/etc") == ["d.d", "x"] && fake.root.list("/etc/d.d") == ["users"])
        #expect(fake.root.linkTarget("/usr/local/cuda") == "cuda-9" && !fake.root.exists("/usr/local/other"))
        try ledger.forget()
        #expect(try ledger.read().isEmpty && !ledger.exists)
    }

    /// Taken for empty, it would have our own files kept as the originals.
    @Test func isNotEmptyWhereItCannotBeRead() throws {
        let fake = try FakeRoot(["/etc/x": ""])
        let ledger = ChangeLedger(fake.root)
        try fake.root.createDirectory(ChangeLedger.file)
        #expect(throws: Failure.self) { try ledger.read() }
        #expect(throws: Failure.self) { try ledger.write("ours", to: "/etc/x") }
    }

    @Test func forgetsAllButPackages() throws {
        let fake = try FakeRoot(["/etc/x": "old"])
        let ledger = ChangeLedger(fake.root)
        try ledger.write("ours", to: "/etc/x")
        try ledger.installed(packages: ["gcc"])
        try ledger.restore("/etc/x")
        try ledger.forget()
        let changes = try ledger.read()
        #expect(changes.packages == ["gcc"] && changes.files.isEmpty)
        #expect(fake.root.list(ChangeLedger.folder) == ["ledger.jsonl"])
    }

    /// /etc/default/grub may be a link: the file behind it is what changes, and what comes back.
    @Test func followsALink() throws {
        let fake = try FakeRoot(["/etc/real": "first"])
        try fake.link(Self.grub, "../real")
        let ledger = ChangeLedger(fake.root)
        try ledger.write("ours", to: Self.grub)
        #expect(fake.root.linkTarget(Self.grub) == "../real")
        #expect(try ledger.read().files.map(\.path) == ["/etc/real"])
        // A program may replace the link as well as the file.
        try ledger.willChange(Self.grub)
        try fake.root.remove(Self.grub)
        try fake.write(Self.grub, "the program's")
        try ledger.didChange(Self.grub)
        #expect(try ledger.restore(Self.grub) == .restored && ledger.restore("/etc/real") == .restored)
        #expect(fake.root.linkTarget(Self.grub) == "../real")
        #expect(try fake.root.text("/etc/real") == "first")
    }

    @Test func remembersWhatAProgramMade() throws {
        let fake = try FakeRoot(["/boot/grub/grub.cfg": "old"])
        let ledger = ChangeLedger(fake.root)
        try ledger.willChange("/boot/grub/grub.cfg")
        try fake.write("/boot/grub/grub.cfg", "new")
        // Without this word it could be anybody's.
        let change = try #require(try ledger.read().pending("/boot/grub/grub.cfg"))
        #expect(try ledger.restoration(of: change) == .left("what was made of it is not known"))
        try ledger.didChange("/boot/grub/grub.cfg")
        try ledger.didChange("/boot/grub/grub.cfg")
        #expect(try ledger.read().files[0].made.count == 1)
        #expect(try ledger.restore("/boot/grub/grub.cfg") == .restored)
        #expect(try fake.root.text("/boot/grub/grub.cfg") == "old")
        try ledger.didChange("/boot/never")
        #expect(try ledger.read().files.count == 1)
    }

    @Test func refersToABackupBeside() throws {
        let image = "/boot/initrd.img"
        let fake = try FakeRoot([image: "old"])
        let ledger = ChangeLedger(fake.root)
        try ledger.willChange(image, backup: image + ".before-gpu")
        #expect(try fake.root.text(image + ".before-gpu") == "old")
        try fake.write(image, "new")
        try ledger.didChange(image)
        try ledger.willChange(image, backup: image + ".before-gpu")
        #expect(fake.root.list(ChangeLedger.originals).isEmpty)
        try fake.write(image + ".before-gpu", "torn")
        let change = try #require(try ledger.read().pending(image))
        #expect(try ledger.restoration(of: change) == .left("its original, \(image).before-gpu, is damaged"))
        try fake.write(image + ".before-gpu", "old")
        #expect(try ledger.restore(image) == .restored)
        #expect(try fake.root.text(image) == "old")
    }

    @Test func remembersPackagesAndUnits() throws {
        let fake = try FakeRoot()
        let ledger = ChangeLedger(fake.root)
        try ledger.installed(packages: ["gcc", "make"])
        try ledger.installed(packages: ["make", "dkms"])
        try ledger.enabled(unit: "a.service")
        try ledger.enabled(unit: "a.service")
        #expect(try ledger.read().packages == ["gcc", "make", "dkms"] && ledger.read().units == ["a.service"])
        try ledger.removed(packages: ["make"])
        try ledger.disabled(unit: "a.service")
        #expect(try ledger.read().packages == ["gcc", "dkms"] && ledger.read().units.isEmpty)
    }

    /// The ledger is cut anywhere, as by a crash, with the file as it was at that moment: before the change where the
    /// record is not whole, since the record comes first.
    @Test func survivesATornLine() throws {
        let whole = try FakeRoot([Self.grub: "first"])
        try ChangeLedger(whole.root).write("ours", to: Self.grub)
        let bytes = try whole.root.text(ChangeLedger.file)
        let first = try #require(bytes.utf8.firstIndex(of: UInt8(ascii: "\n")))
        let header = bytes.utf8.distance(from: bytes.utf8.startIndex, to: first)
        for count in [0, 1, header, header + 1, header + 2, bytes.utf8.count / 2, bytes.utf8.count - 1] {
            let fake = try FakeRoot([
                Self.grub: "first", ChangeLedger.file: String(decoding: bytes.utf8.prefix(count), as: UTF8.self),
                // A copy that was cut short before its record was written.
                ChangeLedger.originals + "/1": "fir",
            ])
            let ledger = ChangeLedger(fake.root)
            #expect(try ledger.read().files.isEmpty, "cut behind \(count)")
            try ledger.write("ours", to: Self.grub)
            #expect(try fake.root.text(ChangeLedger.file) == bytes)
            #expect(try ledger.restore(Self.grub) == .restored)
            #expect(try fake.root.text(Self.grub) == "first")
        }
    }

    /// What one process does to one file, ended before each of its effects, and done again: the original is safe, and the
    /// file is one of the two, whole.
    @Test func canEndAnywhere() throws {
        let snapshots = Snapshots()
        let fake = try FakeRoot([Self.grub: "first"], observer: { snapshots.take($0) })
        snapshots.watch(fake.root.prefix.string)
        let watched = ChangeLedger(fake.root)
        try watched.write("ours", to: Self.grub)
        try watched.write("new", to: "/etc/a.d/new")
        try watched.restore(Self.grub)
        try watched.restore("/etc/a.d/new")
        try watched.removeDirectories()
        snapshots.stop()
        #expect(snapshots.all.count > 8)
        for snapshot in snapshots.all {
            let copy = try FakeRoot(copying: snapshot.tree)
            #expect(["first", "ours"].contains(try copy.root.text(Self.grub)))
            let ledger = ChangeLedger(copy.root)
            try ledger.write("ours", to: Self.grub)
            try ledger.write("new", to: "/etc/a.d/new")
            for change in try ledger.read().files { #expect(try ledger.restore(change.path) == .restored) }
            #expect(try ledger.removeDirectories().isEmpty)
            #expect(try copy.root.text(Self.grub) == "first")
            #expect(copy.root.list("/etc") == ["default"])
        }
    }

    @Test func refusesWhatItCannotRead() throws {
        let fake = try FakeRoot([ChangeLedger.file: "{\"begun\":{\"schema\":1}}\nnonsense\n"])
        #expect(throws: Failure.self) { try ChangeLedger(fake.root).read() }
        let newer = try FakeRoot([ChangeLedger.file: "{\"begun\":{\"schema\":9}}\n"])
        let failure = #expect(throws: Failure.self) { try ChangeLedger(newer.root).read() }
        #expect(failure?.code == .undo && failure?.message.contains("newer") == true)
    }

    /// A ledger as schema 1 has it, kept: a later version must read it.
    @Test func readsSchema1() throws {
        let fake = try FakeRoot([
            ChangeLedger.file: """
            {"begun":{"schema":1}}
            {"original":{"kept":"/var/lib/gpu-guest-agent/changes/originals/1","making":{"file":{"_0":{"digest":{"hash":"00000000000000ff","size":4},"group":0,"mode":420,"owner":0}}},"path":"/etc/default/grub","state":{"file":{"_0":{"digest":{"hash":"cbf29ce484222325","size":0},"group":0,"mode":420,"owner":0}}}}}
            {"directory":{"path":"/etc/a.d"}}
            {"packages":{"_0":["gcc"]}}
            {"settled":{"_1":{"restored":{}},"path":"/etc/default/grub"}}

            """
        ])
        let changes = try ChangeLedger(fake.root).read()
        #expect(changes.files.map(\.path) == [Self.grub] && changes.files[0].outcome == .restored)
        #expect(changes.directories == ["/etc/a.d"] && changes.packages == ["gcc"])
    }
}
