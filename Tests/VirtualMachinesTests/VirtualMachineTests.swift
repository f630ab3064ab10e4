import Contract
import FoundationEssentials
import Glibc
import Host
import HostFakes
import Testing
@testable import VirtualMachines

/// Against the real QEMU (Debian: qemu-system-x86), which Scripts/test installs. The processors never start, so that
/// each takes a second also without KVM. One at a time: two QEMUs on a small machine make every deadline longer.
@Suite(.serialized, .timeLimit(.minutes(2))) struct VirtualMachineTests {
    /// Launches a paused machine, and leaves none behind however `body` ends.
    static func withMachine(
        extra: [String] = ["-S"], blankDisk: Bool = false,
        _ body: (VirtualMachine, TemporaryFolder) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        if blankDisk {
            let disk = try folder.write("blank.raw", Array(repeating: 0, count: 1 << 20))
            try await QemuImg.convert(disk, from: "raw", to: folder.path + "/disk.qcow2")
        }
        let machine = try await VirtualMachine.launch(pausedMachine(in: folder, extra: extra))
        do {
            try await body(machine, folder)
        } catch {
            try? await machine.quit()
            throw error
        }
        try await machine.quit()
        #expect(!machine.isRunning)
    }

    @Test func launchesTalksAndQuits() async throws {
        try await Self.withMachine { machine, folder in
            #expect(machine.isRunning)
            guard case .object(let status) = try await machine.execute("query-status") else { throw Failures([]) }
            #expect(status["status"] == .string("prelaunch"))
            let record = try #require(try MachineRecord.read(from: machine.folder.record))
            #expect(record == machine.record)
            #expect(record.pid > 1)
            // Its own session: Ctrl-C in our terminal must not reach it.
            #expect(getsid(record.pid) == record.pid)
            // The folder is for us alone.
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/run")
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            try await machine.quit()
            #expect(await machine.ended().cause == .hostStopped)
            #expect(try await VirtualMachine.adopt(folder: folder.path + "/run") == nil)
        }
    }

    /// Every payload drive has its place, on both chipsets, and keeps its serial.
    @Test(arguments: MachineType.allCases) func takesAsManyPayloadsAsItSays(_ type: MachineType) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        // Small and odd: a signing key is a drive as well.
        let file = try folder.write("payload", Array(repeating: UInt8(7), count: 119))
        var spec = try await pausedMachine(in: folder)
        spec.machine = type
        spec.gpus = [.simulated]
        spec.payloads = (0..<MachineSpecification.payloadLimit).map {
            PayloadDrive(path: file, serial: "payload-\($0)")
        }
        let machine = try await VirtualMachine.launch(spec)
        let answer: Result<JSONValue, any Error>
        do { answer = .success(try await machine.execute("query-block")) } catch { answer = .failure(error) }
        try await machine.quit()
        guard case .array(let drives) = try answer.get() else { throw Failures([]) }
        #expect(drives.count == MachineSpecification.payloadLimit + 1)
    }

    @Test func killIsSeenByOwnerAndAdopter() async throws {
        try await Self.withMachine { machine, folder in
            let adopted = try #require(
                try await VirtualMachine.adopt(folder: folder.path + "/run", through: .guest))
            #expect(adopted.record == machine.record)
            try await adopted.execute("query-status")
            async let first = machine.ended()
            async let second = adopted.ended()
            kill(machine.record.pid, SIGKILL)
            #expect(await first.cause == .killed(signal: 9))
            #expect(await second.cause == .unseen)
            #expect(try await VirtualMachine.adopt(folder: folder.path + "/run") == nil)
        }
    }

    /// Our process killed between QEMU's start and the note of its pid: the note from before the start finds it.
    @Test func launcherKilledBeforeItNotedThePid() async throws {
        try await Self.withMachine { machine, folder in
            var record = machine.record
            record.pid = MachineRecord.launching
            record.startTime = 0
            try record.write(to: folder.path + "/run/vm.json")
            let adopted = try #require(
                try await VirtualMachine.adopt(folder: folder.path + "/run", through: .guest))
            #expect(adopted.record == machine.record)
            record.arguments.append("-another")
            try record.write(to: folder.path + "/run/vm.json")
            #expect(try await VirtualMachine.adopt(folder: folder.path + "/run", through: .guest) == nil)
        }
    }

    @Test func ownerSocketServesOne() async throws {
        try await Self.withMachine { machine, folder in
            let second = try #require(try await VirtualMachine.adopt(folder: folder.path + "/run"))
            let failure = await failure { try await second.execute("query-status") }
            #expect(failure?.code == .runLocked)
            #expect(second.isRunning)
        }
    }

    @Test func waitsAreCancellable() async throws {
        try await Self.withMachine { machine, _ in
            let task = Task { await machine.ended() }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            #expect(await task.value.cause == .waitCancelled)
            #expect(await machine.ended(within: .milliseconds(100)) == nil)
            #expect(machine.isRunning)
        }
    }

    @Test func takenPortIsSaidAndAnotherTaken() async throws {
        try await Self.withMachine { machine, folder in
            let other = try TemporaryFolder()
            defer { other.remove() }
            var spec = try await pausedMachine(in: other)
            spec.sshPort = machine.record.specification.sshPort
            let taken = spec
            let failure = await failure { _ = try await VirtualMachine.launch(taken) }
            #expect(failure?.code == .portUnavailable)
            #expect(failure?.retryable == true)
            #expect(failure?.evidence.contains { $0.contains("forwarding rule") } == true)
            let second = try await VirtualMachine.launch(taken, portAttempts: 3)
            #expect(second.record.specification.sshPort != taken.sshPort)
            try await second.quit()
        }
    }

    /// A free one is chosen, one that is taken replaced, and one that was named is neither.
    @Test func forwardedPorts() async throws {
        try await Self.withMachine { machine, folder in
            let other = try TemporaryFolder()
            defer { other.remove() }
            let busy = machine.record.specification.sshPort
            var spec = try await pausedMachine(in: other)
            spec.forwards = [PortForward(host: busy, guest: 80), PortForward(host: nil, guest: 443)]
            let asked = spec
            let failure = await failure {
                _ = try await VirtualMachine.launch(asked, portAttempts: 3, fixedPorts: [busy])
            }
            #expect(failure?.code == .portUnavailable)
            let second = try await VirtualMachine.launch(asked, portAttempts: 3)
            let forwards = second.record.specification.forwards ?? []
            #expect(forwards.map(\.guest) == [80, 443])
            let ports = forwards.compactMap(\.host)
            #expect(Set(ports + [busy]).count == 3)
            // QEMU listens on them.
            #expect(ports.allSatisfy { !isLoopbackPortFree($0) })
            #expect(second.record.specification.sshPort == spec.sshPort)
            try await second.quit()
        }
    }

    @Test func imageInUseNamesTheHolder() async throws {
        try await Self.withMachine { machine, folder in
            let other = try TemporaryFolder()
            defer { other.remove() }
            var spec = try await pausedMachine(in: other)
            spec.diskPath = machine.record.specification.diskPath
            let same = spec
            let failure = await failure { _ = try await VirtualMachine.launch(same) }
            #expect(failure?.code == .imageInUse)
            #expect(failure?.message.contains("process \(machine.record.pid) ") == true)
            let resize = await HostFakes.failure { try await QemuImg.resize(same.diskPath, to: 8 << 20) }
            #expect(resize?.code == .imageInUse)
            // Looking is allowed.
            #expect(try await QemuImg.info(same.diskPath).format == "qcow2")
        }
    }

    @Test func refusedArgumentsAreQEMUsWords() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let spec = try await pausedMachine(in: folder, extra: ["-device", "no-such-device"])
        let failure = await failure { _ = try await VirtualMachine.launch(spec) }
        #expect(failure?.code == .qemuFailed)
        #expect(failure?.evidence.contains { $0.contains("no-such-device") } == true)
        let missing = await HostFakes.failure { _ = try await VirtualMachine.launch(spec, qemu: "no-qemu") }
        #expect(missing?.code == .toolMissing)
    }

    @Test func longFolders() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        var spec = try await pausedMachine(in: folder)
        spec.folder = folder.path + "/" + String(repeating: "a-long-name/", count: 12) + "run"
        let machine = try await VirtualMachine.launch(spec)
        let adopted = try await VirtualMachine.adopt(folder: spec.folder, through: .guest)
        #expect(adopted != nil)
        try await adopted?.execute("query-status")
        try await machine.quit()
    }

    /// SeaBIOS runs, finds nothing, and says so on the serial port; it hears no power button.
    @Test func deafGuestIsStoppedByForce() async throws {
        try await Self.withMachine(extra: [], blankDisk: true) { machine, _ in
            let trouble = try await machine.console.waitForTrouble()
            #expect(trouble.code == .guestDidNotBoot)
            #expect(trouble.evidence.contains { $0.contains("No bootable device") })
            let failure = await failure { try await machine.powerDown(grace: .seconds(1)) }
            #expect(failure?.code == .guestDidNotStop)
            #expect(!machine.isRunning)
        }
    }

    @Test func stopsAlsoInACancelledTask() async throws {
        try await Self.withMachine { machine, _ in
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await machine.quit()
            }
            task.cancel()
            try await task.value
            #expect(!machine.isRunning)
        }
    }

    @Test func stoppedProcessIsStillEnded() async throws {
        try await Self.withMachine { machine, _ in
            // QEMU that answers nothing: QMP quit and SIGTERM pass without effect, SIGKILL does not.
            kill(machine.record.pid, SIGSTOP)
            try await machine.quit()
            #expect(await machine.ended().cause == .killed(signal: 9))
        }
    }

    @Test func versionIsRead() async throws {
        #expect(try await VirtualMachine.qemuVersion().firstMatch(of: /^\d+\.\d+/) != nil)
    }
}
