import Contract
import FoundationEssentials
import Glibc
import HostFakes
import Provisioner
import SecureShell
import Synchronization
import Testing
import VirtualMachines

@testable import Machines

/// Against the real QEMU, its processors stopped. One at a time: two QEMUs on a small machine make every deadline longer.
@Suite(.serialized, .timeLimit(.minutes(3))) struct LifecycleTests {
    @Test func startsListsAndStops() async throws {
        try await MachineBench.with { bench in
            #expect(bench.list().isEmpty)
            let started = try await bench.start()
            let facts = try #require(bench.list().first)
            #expect(bench.list().count == 1)
            #expect(facts.state == .running)
            #expect(facts.pid == started.machine.record.pid)
            #expect(facts.sshPort == started.stored.sshPort)
            #expect(facts.user == "debian")
            #expect(facts.image == bench.image)
            // For its owner's eyes only, keys and all.
            let home = bench.home("web")
            for path in [home.path, home.vmFolder, home.path + "/keys"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect(attributes[.posixPermissions] as? Int == 0o700, "\(path)")
            }
            #expect(
                bench.folder.read("state/machines/web/known_hosts") == "web ssh-ed25519 \(MachineBench.key.base64)\n")

            let outcome = try await bench.stop("web")
            #expect(outcome.measure == .quit)
            #expect(bench.list().first?.state == .stopped)
            #expect(!started.machine.isRunning)
            // Once more is no error.
            #expect(try await bench.stop("web").measure == .wasNotRunning)
        }
    }

    /// Keys and seed go in by SMBIOS and NoCloud, as a run's do; MAC address, port, keys and host key stay.
    @Test func theSecondStartIsTheSameMachine() async throws {
        try await MachineBench.with { bench in
            let first = try await bench.start()
            let root = bench.folder.read("state/machines/web/keys/root.pub")
            #expect(root.hasPrefix("ssh-ed25519 "))
            #expect(first.machine.record.arguments.contains { $0.contains("ssh.authorized_keys.root") })
            #expect(bench.folder.read("state/machines/web/seed/user-data").contains("ssh_authorized_keys"))
            _ = try await bench.stop("web")
            let earlier = Mutex<FirstContact?>(nil)
            let second = try await bench.start(contact: { _, stored, _ in
                earlier.withLock { $0 = stored.contact }
                return FirstContact(hostKey: MachineBench.key, user: "debian")
            })
            #expect(earlier.withLock { $0 } == FirstContact(hostKey: MachineBench.key, user: "debian"))
            let (old, new) = (first.machine.record.specification, second.machine.record.specification)
            #expect(old == new)
            #expect(bench.folder.read("state/machines/web/keys/root.pub") == root)
        }
    }

    /// Name, keys and ports are kept until others are asked for; cloud-init looks again only then.
    @Test func whatTheGuestIsHandedStays() async throws {
        try await MachineBench.with { bench in
            let identity = GuestIdentity(hostname: "gpu1", authorizedKeys: ["ssh-ed25519 AAAACCCC ann"])
            func request(_ identity: GuestIdentity?, _ forwards: [PortForward]?) -> StartRequest {
                StartRequest(job: bench.job(), name: "web", identity: identity, forwards: forwards)
            }
            func seed(_ file: String) -> String { bench.folder.read("state/machines/web/seed/\(file)") }
            let first = try await bench.start(request(identity, [PortForward(host: nil, guest: 80)]))
            let port = try #require(first.stored.forwards?.first?.host)
            #expect(bench.list().first?.forwards == [PortForward(host: port, guest: 80)])
            #expect(first.machine.record.arguments.contains { $0.contains("provision-gpu-vm:hostname=gpu1") })
            #expect(seed("user-data").contains("AAAACCCC") && seed("meta-data").contains("gpu1"))
            _ = try await bench.stop("web")
            // Also while it does not run.
            #expect(bench.list().first?.forwards == [PortForward(host: port, guest: 80)])
            let second = try await bench.start(request(nil, nil))
            #expect(second.stored.forwards == first.stored.forwards)
            #expect(second.stored.instanceID == first.stored.instanceID)
            #expect(second.stored.identity == identity)
            _ = try await bench.stop("web")
            let third = try await bench.start(
                request(GuestIdentity(), [PortForward(host: nil, guest: 443), PortForward(host: nil, guest: 80)]))
            #expect(third.stored.forwards?.last?.host == port)
            #expect(third.stored.forwards?.first?.host != port)
            #expect(third.stored.instanceID != first.stored.instanceID)
            #expect(!seed("user-data").contains("AAAACCCC"))
            _ = try await bench.stop("web")
        }
    }

    @Test func allThatIsWrongWithItAtOnce() async throws {
        try await MachineBench.with { bench in
            let listener = try await bench.start()
            let taken = listener.stored.sshPort
            let failures = await #expect(throws: Failures.self) {
                _ = try await bench.start(
                    StartRequest(
                        job: bench.job(), name: "other", identity: GuestIdentity(hostname: "-", userData: "x"),
                        forwards: [PortForward(host: taken, guest: 80)]))
            }
            #expect(
                failures?.all.map(\.code) == [.optionInvalid, .optionInvalid, .portUnavailable, .imageInUse])
            _ = try await bench.stop("web")
        }
    }

    /// A guest on a throwaway disk makes its keys anew.
    @Test func aThrowawayDiskMayShowAnotherKey() async throws {
        try await MachineBench.with { bench in
            let request = StartRequest(job: bench.job(), name: "web", isSnapshot: true)
            _ = try await bench.start(request)
            _ = try await bench.stop("web")
            let earlier = Mutex<HostKeyPin?>(MachineBench.key)
            _ = try await bench.start(request) { _, stored, _ in
                earlier.withLock { $0 = stored.hostKey }
                return FirstContact(hostKey: MachineBench.key, user: "debian")
            }
            #expect(earlier.withLock { $0 } == nil)
            _ = try await bench.stop("web")
        }
    }

    @Test func whatRunsIsNotStartedAgain() async throws {
        try await MachineBench.with { bench in
            let started = try await bench.start()
            let same = await failure { _ = try await bench.start() }
            #expect(same?.code == .machineRunning)
            #expect(same?.evidence.first?.contains("process \(started.machine.record.pid)") == true)
            // Under another name: the image has a user, who is named.
            let other = await #expect(throws: Failures.self) {
                _ = try await bench.start(StartRequest(job: bench.job(), name: "other"))
            }
            #expect(other?.all.map(\.code) == [.imageInUse])
            #expect(other?.all.first?.message.contains("the VM web (process \(started.machine.record.pid))") == true)
            // It left nothing behind.
            #expect(bench.list().map(\.name) == ["web"])
            // Not even below a throwaway disk: what that is backed by would change under it.
            let below = await #expect(throws: Failures.self) {
                _ = try await bench.start(StartRequest(job: bench.job(), name: "other", isSnapshot: true))
            }
            #expect(below?.all.map(\.code) == [.imageInUse])
            #expect(started.machine.isRunning)
            _ = try await bench.stop("web")
            // Once nobody writes it, one may.
            let snapshot = try await bench.start(
                StartRequest(job: bench.job(), name: "other", isSnapshot: true))
            #expect(snapshot.machine.record.specification.diskPath == bench.home("other").snapshotDisk)
            _ = try await bench.stop("other", remove: true)
            #expect(bench.list().map(\.name) == ["web"])
            #expect(!FileManager.default.fileExists(atPath: bench.home("other").path))
        }
    }

    @Test func imagesThatCannotBeWritten() async throws {
        try await MachineBench.with { bench in
            // Another image would be destroyed.
            let result = bench.folder.path + "/disk.gpu.qcow2"
            try await QemuImg.createOverlay(at: result, backing: bench.image, backingFormat: "qcow2")
            let below = await #expect(throws: Failures.self) { _ = try await bench.start() }
            #expect(below?.all.map(\.code) == [.imageInUse])
            #expect(below?.all.first?.evidence == [result])
            // Another format is told with the command that converts it; all that is wrong is told together.
            let raw = bench.folder.path + "/old.img"
            try await QemuImg.convert(bench.image, from: "qcow2", to: raw, as: "raw")
            var job = bench.job(raw)
            job.memoryBytes = 1 << 20
            let wrong = StartRequest(job: job, name: "raw")
            let both = await #expect(throws: Failures.self) { _ = try await bench.start(wrong) }
            #expect(both?.all.count == 2)
            let words = both?.all.map(\.remedy).joined() ?? ""
            #expect(words.contains("qemu-img convert -f raw -O qcow2 \(raw) \(bench.folder.path)/old.qcow2"))
            #expect(bench.list().isEmpty)
            _ = try await bench.start(StartRequest(job: bench.job(raw), name: "raw", isSnapshot: true))
            #expect(bench.list().first?.state == .running)
        }
    }

    @Test func anotherImageNeedsAnotherName() async throws {
        try await MachineBench.with { bench in
            _ = try await bench.start()
            _ = try await bench.stop("web")
            let other = bench.folder.path + "/other.qcow2"
            try await MachineBench.makeDisk(other, in: bench.folder)
            let failures = await #expect(throws: Failures.self) {
                _ = try await bench.start(StartRequest(job: bench.job(other), name: "web"))
            }
            #expect(failures?.all.first?.message.contains(bench.image) == true)
        }
    }

    /// QEMU killed behind our back is told from one that ended in order.
    @Test func crashedIsNotStopped() async throws {
        try await MachineBench.with { bench in
            let started = try await bench.start()
            kill(started.machine.record.pid, SIGKILL)
            #expect(await started.machine.ended().cause == .killed(signal: 9))
            #expect(bench.list().first?.state == .crashed)
            #expect(try await bench.stop("web").measure == .wasNotRunning)
            #expect(bench.list().first?.state == .stopped)
            // And it starts again.
            let again = try await bench.start()
            #expect(again.stored.sshPort == started.stored.sshPort)
            // SIGTERM is an order.
            kill(again.machine.record.pid, SIGTERM)
            #expect(await again.machine.ended().cause == .hostStopped)
            #expect(bench.list().first?.state == .stopped)
        }
    }

    @Test func lastWordsAreShown() async throws {
        try await MachineBench.with { bench in
            let request = StartRequest(job: bench.job(extra: ["-device", "no-such-device"]), name: "web")
            let words = await failure { _ = try await bench.start(request) }
            #expect(words?.code == .qemuFailed)
            let facts = try #require(bench.list().first)
            #expect(facts.state != .running)
            if facts.state == .crashed { #expect(facts.words.contains { $0.contains("no-such-device") }) }
        }
    }

    /// A guest that does not come up leaves nothing running, and the failure says why.
    @Test func aStartThatFailsUnwinds() async throws {
        try await MachineBench.with { bench in
            let trouble = Failure(
                .guestDidNotBoot, operation: "boot the guest", message: "No.", remedy: "None.", side: .guest)
            let seen = await failure { _ = try await bench.start(contact: { _, _, _ in throw trouble }) }
            #expect(seen?.code == .guestDidNotBoot)
            #expect(seen?.cleanup.first?.contains("was stopped again") == true)
            #expect(bench.list().first?.state == .stopped)
        }
    }

    @Test func anInterruptedStartUnwinds() async throws {
        try await MachineBench.with { bench in
            // Past the power button at once: this machine hears none.
            let waiting = AsyncStream.makeStream(of: Int32.self)
            let task = Task {
                try await bench.start(contact: { machine, _, _ in
                    waiting.continuation.yield(machine.record.pid)
                    try await Task.sleep(for: .seconds(600))
                    return FirstContact(hostKey: MachineBench.key, user: nil)
                })
            }
            for await _ in waiting.stream { break }
            // It hears no power button; a quit by another command spares the wait for it.
            task.cancel()
            _ = try await bench.stop("web")
            let seen = await failure { _ = try await task.value }
            #expect(seen?.code == .interrupted)
            #expect(bench.list().first?.state == .stopped)
        }
    }

    @Test func stayingEndsWithTheVM() async throws {
        try await MachineBench.with { bench in
            let started = try await bench.start()
            async let end = started.stay(grace: .seconds(1), state: bench.state, progress: { _ in })
            _ = try await bench.stop("web")
            #expect(try await end.cause == .hostStopped)
            let crashing = try await bench.start()
            async let crash = failure {
                _ = try await crashing.stay(grace: .seconds(1), state: bench.state, progress: { _ in })
            }
            kill(crashing.machine.record.pid, SIGKILL)
            #expect(await crash?.code == .qemuExited)
        }
    }

    @Test func stayingIsEndedByCtrlC() async throws {
        try await MachineBench.with { bench in
            let started = try await bench.start()
            let task = Task {
                try await started.stay(grace: .seconds(1), state: bench.state, progress: { _ in })
            }
            task.cancel()
            #expect(try await task.value.cause == .hostStopped)
            #expect(bench.list().first?.state == .stopped)
        }
    }

    /// A QEMU that answers nothing is killed in the end, and this is said.
    @Test func aStuckQEMUIsKilled() async throws {
        try await MachineBench.with { bench in
            let started = try await bench.start()
            kill(started.machine.record.pid, SIGSTOP)
            #expect(bench.list().first?.state == .running)
            #expect(try await bench.stop("web").measure == .killed)
            #expect(bench.list().first?.state == .stopped)
        }
    }

    @Test func oneCommandAtATime() async throws {
        try await MachineBench.with { bench in
            let home = bench.home("web")
            try home.make()
            let lock = try home.lock()
            #expect(bench.list().first?.state == .starting)
            #expect(await failure { _ = try await bench.start() }?.code == .runLocked)
            #expect(await failure { _ = try await bench.stop("web") }?.code == .runLocked)
            withExtendedLifetime(lock) {}
        }
    }
}
