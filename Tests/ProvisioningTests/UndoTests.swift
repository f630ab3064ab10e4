import Contract
import Guest
import GuestFakes
import Testing

@testable import Provisioning

@Suite struct UndoTests {
    static func undo(packages: Bool) -> Plan { Plan.undo(packages: packages, runID: "undo") }

    static func provisioned(_ snapshots: Snapshots? = nil) async throws -> (machine: SimulatedGuest, before: Tree) {
        let machine = try SimulatedGuest()
        let before = machine.tree
        #expect(try await SimulatedRun.finish(SimulatedRun.plan, on: machine).succeeded == true)
        guard let snapshots else { return (machine, before) }
        return (try SimulatedGuest(machine.tree, machine.parameters, snapshots: snapshots), before)
    }

    /// The folders in which nothing may differ.
    static func isJudged(_ path: String) -> Bool {
        ["/etc", "/boot", "/usr/local", "/lib/modules", "/usr/bin", "/usr/lib", "/proc/modules"].contains {
            path.hasPrefix($0)
        }
    }

    /// Packages that it was not asked to remove: all else must be as it was.
    static let packageFiles = [
        "/lib/modules/\(SimulatedGuest.kernel)/build", "/usr/bin/gcc", "/usr/bin/g++", "/usr/bin/cc", "/usr/bin/make",
        "/usr/lib/x86_64-linux-gnu",
    ]
    /// Made anew out of what is there; libxml2 is a package's.
    static let caches = ["/etc/ld.so.cache"]

    static func differences(_ machine: SimulatedGuest, _ before: Tree, packages: Bool) -> [String] {
        machine.tree.differences(from: before) { path in
            !isJudged(path) || path == "/proc/modules"
                || !packages && (packageFiles + caches).contains { path == $0 || path.hasPrefix($0) }
        }
    }

    @Test(arguments: [false, true]) func leavesNoDifference(_ packages: Bool) async throws {
        let (machine, before) = try await Self.provisioned()
        #expect(!Self.differences(machine, before, packages: packages).isEmpty)
        let journal = try await SimulatedRun.finish(Self.undo(packages: packages), on: machine)
        #expect(journal.succeeded == true, "\(WalkTests.failure(journal) ?? "")")
        #expect(Self.differences(machine, before, packages: packages) == [])
        let (takenBack, remaining) = Remains.split(journal.records)
        #expect(takenBack.contains("driver \(SimulatedGuest.driverVersion) was taken out"))
        #expect(takenBack.contains("/etc/default/grub is as it was"))
        #expect(remaining.contains { $0.contains("--packages removes them") } != packages)
        #expect(remaining.contains { $0.contains("/var/log/nvidia-installer.log") })

        // The next boot is as it was before: nouveau has the GPU.
        try machine.reboot()
        #expect(machine.tree.entries["/proc/modules"] == before.entries["/proc/modules"])
    }

    @Test func aSecondUndoFindsNothing() async throws {
        let (machine, _) = try await Self.provisioned()
        try await SimulatedRun.finish(Self.undo(packages: true), on: machine)
        let once = machine.tree
        let told = await DryRunner(machine.guest).run(Self.undo(packages: true))
        #expect(told.steps.allSatisfy { $0.verdict == .satisfied })
        _ = try PlanAdmission.admit(Plan.undo(packages: true, runID: "undo-2"), to: machine.guest)
        let journal = try await SimulatedRun.finish(Self.undo(packages: true), on: machine)
        #expect(!journal.records.contains { $0.event.kind == "stepStarted" })
        #expect(machine.tree.differences(from: once, ignoring: SimulatedRun.isPassing) == [])
    }

    /// Packages that were kept are still known to be ours.
    @Test func removesThePackagesLater() async throws {
        let (machine, before) = try await Self.provisioned()
        try await SimulatedRun.finish(Self.undo(packages: false), on: machine)
        try await SimulatedRun.finish(Self.undo(packages: true), on: machine)
        #expect(Self.differences(machine, before, packages: true) == [])
    }

    @Test func keepsWhatTheUserChanged() async throws {
        let (machine, before) = try await Self.provisioned()
        let grub = "/etc/default/grub"
        let edited = try machine.fake.root.text(grub).replacing("quiet", with: "splash")
        try machine.fake.write(grub, edited)
        try machine.fake.write("/etc/profile.d/gpu-guest-agent-cuda.sh", "# mine now\n")
        try machine.fake.write(SimulatedGuest.toolkit + "/notes", "mine")
        _ = try await machine.run(Command(["update-initramfs", "-u", "-k", SimulatedGuest.olderKernel]))
        try machine.fake.write("/boot/initrd.img-\(SimulatedGuest.olderKernel)", "made by a kernel package\n")

        let journal = try await SimulatedRun.finish(Self.undo(packages: false), on: machine)
        #expect(journal.succeeded == true, "\(WalkTests.failure(journal) ?? "")")
        guard case .file(_, let bytes)? = before.entries[grub] else { return #expect(Bool(false)) }
        #expect(
            try machine.fake.root.text(grub)
                == String(decoding: bytes, as: UTF8.self).replacing("quiet", with: "splash"))
        let configuration = try machine.fake.root.text("/boot/grub/grub.cfg")
        #expect(!configuration.contains("nouveau") && configuration.contains("vmlinuz"))
        #expect(try machine.fake.root.text("/etc/profile.d/gpu-guest-agent-cuda.sh") == "# mine now\n")
        #expect(try machine.fake.root.text(SimulatedGuest.toolkit + "/notes") == "mine")
        // Somebody made this image since: it is made anew, now with nouveau, and not replaced by an old one.
        #expect(
            try machine.fake.root.text("/boot/initrd.img-\(SimulatedGuest.olderKernel)").contains("nouveau.ko"))
        #expect(!machine.fake.root.list("/boot").contains { $0.hasSuffix(".before-gpu") })
        let (_, remaining) = Remains.split(journal.records)
        #expect(remaining.contains { $0.hasPrefix("/etc/profile.d/gpu-guest-agent-cuda.sh: somebody changed it") })
        #expect(remaining.contains { $0.hasPrefix(SimulatedGuest.toolkit) && $0.contains("notes") })
    }

    @Test(arguments: WalkTests.Ending.allCases) func endsTheSameWhereverItIsEnded(_ ending: WalkTests.Ending)
        async throws
    {
        let snapshots = Snapshots()
        let (machine, before) = try await Self.provisioned(snapshots)
        let plan = Self.undo(packages: true)
        #expect(try await SimulatedRun.finish(plan, on: machine, snapshots).succeeded == true)
        snapshots.stop()
        #expect(snapshots.all.count > 50)
        for (index, snapshot) in WalkTests.chosen(snapshots.all, ending, stride: 12) {
            let machine = try WalkTests.resumed(snapshot, ending, machine.parameters)
            let journal = try await SimulatedRun.finish(plan, on: machine)
            let place = "\(ending) at \(index), before \(snapshot.before)"
            #expect(journal.succeeded == true, "\(place): \(WalkTests.failure(journal) ?? "")")
            let differences = Self.differences(machine, before, packages: true)
            #expect(differences == [], "\(place)")
            if journal.succeeded != true || !differences.isEmpty { return }
        }
    }

    @Test func refusesWhileARunIsUnfinished() throws {
        let fake = try FakeRoot(["/proc/sys/kernel/random/boot_id": "b"])
        let guest = Guest(root: fake.root, runner: FakeRunner([:]), architecture: "x86_64")
        _ = try PlanAdmission.admit(SimulatedRun.plan, to: guest)
        let failure = #expect(throws: Failure.self) { try PlanAdmission.admit(Self.undo(packages: false), to: guest) }
        #expect(failure?.code == .planRefused)
        #expect(
            try PlanAdmission.admit(Self.undo(packages: false), to: guest, abandoning: true) == .begun(runID: "undo"))
        #expect(try JournalReader.records(fake.root).map(\.event.kind) == ["planAccepted"])
        #expect(fake.root.exists(StateFolder.path + "/journal-run.jsonl"))
    }
}
