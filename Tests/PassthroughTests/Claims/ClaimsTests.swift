import Contract
import FoundationEssentials
import Host
import HostFakes
import Testing

@testable import Passthrough

/// What is claimed and what is refused, against a fake kernel.
@Suite struct ClaimsTests {
    static func bench(_ change: (inout FakeKernel.State) -> Void = { _ in }) throws -> ClaimBench {
        var state = Situation.seed.state
        change(&state)
        return try ClaimBench(state)
    }

    static func problems(_ bench: ClaimBench, isRoot: Bool = true, allowBootVGA: Bool = false) async throws -> [Failure]
    {
        await bench.claims(isRoot: isRoot).problems(of: try bench.cards(), allowBootVGA: allowBootVGA)
    }

    @Test func writesForTheSeedsCard() async throws {
        let bench = try Self.bench()
        _ = try await bench.claims.bind(try bench.cards())
        _ = try await bench.claims.release(bench.card)
        let golden = try String(contentsOfFile: "\(fixtures)/golden/claims/seed.txt", encoding: .utf8)
        #expect(bench.kernel.now.log.joined(separator: "\n") + "\n" == golden)
    }

    @Test func tellsFromWhichDriverToWhich() async throws {
        let bench = try Self.bench()
        let there = try await bench.claims.bind(try bench.cards()).changes
        #expect(there.map { $0.functions.map(\.from) } == [["nouveau", "snd_hda_intel"]])
        #expect(there.map { $0.functions.map(\.to) } == [["vfio-pci", "vfio-pci"]])
        #expect(there.map(\.claimed) == [true])
        let back = try await bench.claims.release(bench.card)
        #expect(back.functions.map(\.to) == ["nouveau", "snd_hda_intel"])
        #expect(!back.claimed)
    }

    @Test func journalIsThereBeforeTheFirstWriteAndPrivate() async throws {
        let bench = try Self.bench()
        _ = await bench.process(dyingAt: 1, before: true) { _ = try await $0.bind(try bench.cards()) }
        let claim = try #require(try bench.journal().first)
        #expect(bench.kernel.now.log.isEmpty)
        #expect(claim.functions.map(\.driver) == ["nouveau", "snd_hda_intel"])
        #expect(claim.stage == .binding)
        let mode = try FolderTree(root: "/").status(bench.claimsPath).get().mode
        #expect(mode & 0o777 == 0o700)
    }

    @Test func groupSharedWithTheHost() async throws {
        let bench = try Self.bench {
            var card = FakeKernel.Device(driver: "igb", matches: ["igb"])
            card.classCode = 0x020000
            $0.devices["0000:42:00.0"] = card
        }
        let failures = try await Self.problems(bench)
        #expect(failures.count == 1)
        #expect(failures.first?.message.contains("0000:42:00.0 (igb)") == true)
        await #expect(throws: Failures.self) { try await bench.claims.bind(try bench.cards()) }
        #expect(bench.kernel.now.log.isEmpty)
        // Without a driver it is in nobody's way.
        bench.kernel.change { $0.devices["0000:42:00.0"]?.driver = nil }
        #expect(try await Self.problems(bench).isEmpty)
    }

    @Test func bootVGAOnlyWhenTold() async throws {
        let bench = try Self.bench { $0.devices["0000:41:00.0"]?.isBootVGA = true }
        #expect(try await Self.problems(bench).first?.message.contains("boot_vga") == true)
        #expect(try await Self.problems(bench, allowBootVGA: true).isEmpty)
        bench.kernel.change { $0.devices["0000:41:00.0"]?.driver = "vfio-pci" }
        #expect(try await Self.problems(bench).isEmpty, "it is gone from the host already")
    }

    @Test func iommuOff() async throws {
        let bench = try Self.bench { for key in $0.devices.keys { $0.devices[key]?.group = nil } }
        let failures = try await Self.problems(bench)
        #expect(failures.count == 1 && failures.allSatisfy { $0.message.contains("IOMMU is off") })
    }

    @Test func bridgesAreRefused() async throws {
        let bench = try ClaimBench(Situation.seed.state, card: "0000:40:01.0")
        #expect(try await Self.problems(bench).contains { $0.message.contains("is a bridge") })
    }

    @Test func onlyRoot() async throws {
        let bench = try Self.bench()
        let failures = try await Self.problems(bench, isRoot: false)
        #expect(failures.map(\.code) == [.rootNeeded])
        #expect(failures.first?.remedy.contains("sudo provision-gpu-vm bind --gpu 0000:41:00.0") == true)
        let failure = await failure { _ = try await bench.claims(isRoot: false).release(bench.card) }
        #expect(failure?.code == .rootNeeded)
        // What is bound already needs no root.
        bench.kernel.change { for key in ["0000:41:00.0", "0000:41:00.1"] { $0.devices[key]?.driver = "vfio-pci" } }
        let bound = try await bench.claims(isRoot: false).bind(try bench.cards())
        #expect(bound.changes.map(\.claimed) == [false])
        #expect(!FileManager.default.fileExists(atPath: bench.claimsPath))
    }

    @Test func holdersAreNamed() async throws {
        let bench = try Self.bench {
            $0.files["/sys/bus/pci/devices/0000:41:00.0/drm/card1/dev"] = "226:1\n"
            $0.files["/sys/bus/pci/devices/0000:41:00.0/drm/card1-HDMI-A-1/status"] = "\n"
            $0.processes[812] = FakeKernel.Process("Xorg", open: ["/dev/null", "/dev/dri/card1"])
            $0.processes[813] = FakeKernel.Process("bash", open: ["/dev/null"])
        }
        let failures = try await Self.problems(bench)
        #expect(failures.map(\.code) == [.gpuInUse])
        #expect(failures.first?.evidence == ["process 812 (Xorg) has /dev/dri/card1 open"])
    }

    @Test func persistenceDaemonIsStoppedAndStartedAgain() async throws {
        let bench = try ClaimBench(Situation.nvidia.state)
        let changes = try await bench.claims.bind(try bench.cards()).changes
        #expect(bench.kernel.now.log.first == "systemctl stop nvidia-persistenced")
        #expect(bench.kernel.now.services.isEmpty)
        #expect(changes.first?.notes.first?.contains("was stopped") == true)
        _ = try await bench.claims.release(bench.card)
        #expect(bench.kernel.now.log.last == "systemctl restart nvidia-persistenced")
        bench.expectOriginal("released")
    }

    @Test func aJobOnNVIDIAsDriverIsNoDaemon() async throws {
        let bench = try ClaimBench(Situation.nvidia.state)
        bench.kernel.change { $0.processes[900] = FakeKernel.Process("python3", open: ["/dev/nvidia0"]) }
        let failures = try await Self.problems(bench)
        #expect(failures.first?.evidence == ["process 900 (python3) has /dev/nvidia0 open"])
    }

    /// Such a one has not chosen its GPU yet, or asks the driver about all of them.
    @Test func whoHasTheDriverOpenHoldsItsCards() async throws {
        let bench = try ClaimBench(Situation.nvidia.state)
        bench.kernel.change {
            $0.processes[901] = FakeKernel.Process("dcgm", open: ["/dev/nvidiactl", "/dev/nvidia-uvm"])
            $0.processes[902] = FakeKernel.Process("python3", open: ["/dev/nvidiactl", "/dev/nvidia3"])
        }
        let failures = try await Self.problems(bench)
        #expect(failures.first?.evidence == ["process 901 (dcgm) has /dev/nvidia-uvm, /dev/nvidiactl open"])
    }

    @Test func neverUnderALivingMachine() async throws {
        let bench = try Self.bench()
        _ = try await bench.claims.bind(try bench.cards())
        bench.kernel.change { $0.processes[4242] = FakeKernel.Process("qemu-system-x86", open: ["/dev/vfio/7"]) }
        let log = bench.kernel.now.log
        let refused = await failure { _ = try await bench.claims.release(bench.card) }
        #expect(refused?.code == .gpuInUse)
        #expect(refused?.evidence == ["process 4242 (qemu-system-x86) has /dev/vfio/7 open"])
        #expect(bench.kernel.now.log == log)
        let forced = try await bench.claims.release(bench.card) { process, _ in
            #expect(process == ProcessIdentity(pid: 4242, startTime: 1000))
            bench.kernel.change { $0.processes[process.pid] = nil }
        }
        #expect(forced.isChange)
        bench.expectOriginal("forced")
    }

    @Test func otherBootVoidsAClaim() async throws {
        let bench = try Self.bench()
        _ = try await bench.claims.bind(try bench.cards())
        bench.kernel.change {
            $0.bootID = "boot-2"
            $0.devices = bench.initial.devices
            $0.log = []
        }
        #expect(try bench.journal().isEmpty)
        let change = try await bench.claims.release(bench.card)
        #expect(!change.isChange && bench.kernel.now.log.isEmpty)
        bench.expectOriginal("another boot")
    }

    @Test func undoneByHandIsNotedAnew() async throws {
        let bench = try Self.bench()
        _ = try await bench.claims.bind(try bench.cards())
        bench.kernel.change { state in
            state.devices = bench.initial.devices
            state.devices["0000:41:00.0"]?.driver = "nvidia"
            state.drivers.append("nvidia")
        }
        _ = try await bench.claims.bind(try bench.cards())
        _ = try await bench.claims.release(bench.card)
        #expect(bench.kernel.now.devices["0000:41:00.0"]?.driver == "nvidia")
    }

    @Test func whatHangsIsToldAndLeft() async throws {
        let bench = try Self.bench { $0.hangs = ["nouveau/unbind"] }
        let failure = await failure { _ = try await bench.claims.bind(try bench.cards()) }
        #expect(failure?.code == .driverStuck)
        #expect(failure?.message.contains("echo 0000:41:00.0 > /sys/bus/pci/drivers/nouveau/unbind") == true)
        #expect(failure?.evidence.contains("state D") == true)
        #expect(bench.kernel.now.log.count == 2, "nothing more is tried on a device that hangs")
        #expect(try bench.journal().map(\.stage) == [.binding])
        bench.kernel.change { $0.hangs = [] }
        _ = try await bench.claims.release(bench.card)
        bench.expectOriginal("released")
    }

    @Test func whatTheKernelRefusesIsUndone() async throws {
        let bench = try Self.bench { $0.devices["0000:41:00.1"]?.fails = ["vfio-pci"] }
        let failure = await failure { _ = try await bench.claims.bind(try bench.cards()) }
        #expect(failure?.code == .driverStuck)
        #expect(failure?.evidence.first?.contains("vfio-pci/bind: Invalid argument") == true)
        #expect(failure?.cleanup == [])
        bench.expectOriginal("undone")
    }

    @Test func aDriverThatIsGoneIsLoadedAgain() async throws {
        let bench = try Self.bench()
        _ = try await bench.claims.bind(try bench.cards())
        bench.kernel.change { $0.drivers.removeAll { $0 == "nouveau" } }
        _ = try await bench.claims.release(bench.card)
        #expect(bench.kernel.now.log.contains("modprobe nouveau"))
        bench.expectOriginal("released")
    }

    @Test func nodeIsGivenToAUserAndTakenBack() async throws {
        let bench = try Self.bench {
            for key in ["0000:41:00.0", "0000:41:00.1"] { $0.devices[key]?.driver = "vfio-pci" }
        }
        let user = CardGrant(name: "ada", id: 1000)
        let changes = try await bench.claims.bind(try bench.cards(), grant: user).changes
        #expect(changes.map(\.claimed) == [true])
        #expect(bench.kernel.now.owners == ["/dev/vfio/7": 1000])
        _ = try await bench.claims.release(bench.card)
        #expect(bench.kernel.now.owners == ["/dev/vfio/7": 0])
        bench.expectOriginal("released")
    }

    @Test func consoleIsTold() async throws {
        let bench = try Self.bench {
            $0.files["/sys/bus/pci/devices/0000:41:00.0/resource"] =
                "0x00000000de000000 0x00000000deffffff 0x0000000000040200\n"
            $0.files["/proc/iomem"] = "00001000-0009ffff : System RAM\nde000000-de7fffff : BOOTFB\n"
        }
        #expect(bench.claims.warnings(of: try bench.cards()).first?.contains("BOOTFB") == true)
        bench.kernel.change { $0.files["/proc/iomem"] = "ce000000-ce7fffff : BOOTFB\n" }
        #expect(bench.claims.warnings(of: try bench.cards()).isEmpty)
    }

    @Test func oneCommandAtATime() async throws {
        let bench = try Self.bench()
        let bound = try await bench.claims.bind(try bench.cards())
        let failure = await failure { _ = try await bench.claims.release(bench.card) }
        #expect(failure?.code == .gpuInUse && failure?.message.contains("Another provision-gpu-vm") == true)
        withExtendedLifetime(bound) {}
    }

    @Test func aClaimOfANewerVersionIsNotTouched() async throws {
        let bench = try Self.bench()
        try bench.folder.write("claims/0000:41:00.0.json", Array("{\"schema\": 99}\n".utf8))
        let failure = await failure { _ = try await bench.claims.bind(try bench.cards()) }
        #expect(failure?.code == .runDiffers)
        #expect(bench.kernel.now.log.isEmpty)
    }

    // MARK: - Runs

    @Test func aRunTakesAndGivesBack() async throws {
        let bench = try Self.bench()
        let run = RunClaims(bench.claims, folder: "/runs/1")
        #expect(try await run.take([bench.card]).map(\.isChange) == [true])
        #expect(try await run.take([bench.card]).isEmpty)
        let other = RunClaims(bench.claims, folder: "/runs/2")
        let refused = await failure { _ = try await other.take([bench.card]) }
        #expect(refused?.code == .gpuInUse)
        let (changes, failures) = await run.giveBack()
        #expect(changes.map(\.claimed) == [false] && failures.isEmpty)
        bench.expectOriginal("given back")
    }

    @Test func aKilledRunIsTakenUpWithItsMachine() async throws {
        let bench = try Self.bench()
        do {
            let run = RunClaims(bench.claims, folder: "/runs/1")
            _ = try await run.take([bench.card])
            bench.kernel.change { $0.processes[4242] = FakeKernel.Process("qemu-system-x86", open: ["/dev/vfio/7"]) }
            await run.note(ProcessIdentity(pid: 4242, startTime: 1000), folder: "/runs/1/vm")
        }
        let log = bench.kernel.now.log
        // Another command leaves a living machine's card alone; so does another run that wants it.
        #expect(await bench.claims.restoreAbandoned().changes.isEmpty)
        let other = await failure { _ = try await RunClaims(bench.claims, folder: "/runs/2").take([bench.card]) }
        #expect(other?.code == .gpuInUse)
        let again = RunClaims(bench.claims, folder: "/runs/1")
        #expect(try await again.take([bench.card]).map(\.isChange) == [false])
        #expect(bench.kernel.now.log == log)
        let early = await again.giveBack()
        #expect(early.failures.map(\.code) == [.gpuInUse], "its machine lives")
        bench.kernel.change { $0.processes[4242] = nil }
        _ = await again.giveBack()
        bench.expectOriginal("given back")
    }

    @Test func theNextRunPutsBackWhatADeadOneLeft() async throws {
        let bench = try Self.bench()
        _ = try await RunClaims(bench.claims, folder: "/runs/1").take([bench.card])
        #expect(await bench.claims.restoreAbandoned(except: "/runs/1").changes.isEmpty)
        #expect(await bench.claims.restoreAbandoned(except: "/runs/2").changes.map(\.isChange) == [true])
        bench.expectOriginal("put back")
    }

    @Test func whatBindKeepsOutlivesARun() async throws {
        let bench = try Self.bench()
        _ = try await bench.claims.bind(try bench.cards())
        let run = RunClaims(bench.claims, folder: "/runs/1")
        _ = try await run.take([bench.card])
        #expect(await run.giveBack().changes.isEmpty)
        #expect(await bench.claims.restoreAbandoned().changes.isEmpty)
        #expect(bench.kernel.now.devices["0000:41:00.0"]?.driver == "vfio-pci")
    }
}
