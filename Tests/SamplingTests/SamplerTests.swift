import CSampling
import Foundation
import GPUReadings
import Guest
import GuestFakes
import SystemPackage
import Telemetry
import Testing

@testable import Sampling

/// The sampler with real processes, pipes and FIFOs.
@Suite(.timeLimit(.minutes(4)))
struct SamplerTests {
    private static let streams = "while :; do print; sleep 0.05; done"

    @Test func samplesAreToldAsTheyCome() async throws {
        let bench = try SamplerBench(Self.streams)
        try bench.follow(interval: 0.5)
        try await bench.wait("samples") { bench.samples.count >= 3 }
        guard case .hello(let hello)? = bench.messages.first?.body else {
            Issue.record("the first is no hello: \(bench.messages.first as Any)")
            return
        }
        #expect(hello.intervalSeconds == 0.5 && hello.bootID == "b" && !hello.sampler.isEmpty)
        #expect(bench.samples.map(\.sequence).prefix(3) == [1, 2, 3])
        guard case .sample(let sample)? = bench.samples.first?.body else { return }
        #expect(sample.driverVersion == "550.54.14")
        #expect(sample.gpus.first?.numbers[.temperatureCelsius] == 47)
        try await bench.wait("a status") { bench.statuses.last?.state == .sampling }
        try await bench.finish()
        #expect(bench.result == true)
    }

    @Test func nvidiaSMIIsAskedForTheInterval() async throws {
        for (interval, words) in [(1.0, "-q -x -l 1"), (0.25, "-q -x -lms 250"), (3600, "-q -x -l 3600")] {
            let bench = try SamplerBench("echo \"$*\" >$root/tmp/words; print; exec sleep 600")
            try bench.follow(interval: interval)
            try await bench.wait("a sample") { !bench.samples.isEmpty }
            #expect(bench.fake.root.attribute("/tmp/words") == words)
            try await bench.finish()
        }
    }

    /// It says nothing any more, and does not even heed SIGTERM.
    @Test func aHungOneIsKilledAndReplaced() async throws {
        let bench = try SamplerBench(
            "print; [ -e $root/tmp/second ] || { : >$root/tmp/second; trap '' TERM; sleep 600 & echo $! >>$root/tmp/pids; wait; }\n"
                + Self.streams)
        try bench.follow()
        try await bench.wait("the hang") { bench.statuses.contains { $0.state == .hung } }
        try await bench.wait("the recovery") { bench.statuses.last?.state == .sampling && bench.pids.count == 3 }
        // It, and what it had started.
        for pid in bench.pids.prefix(2) { #expect(!SamplerBench.lives(pid)) }
        try await bench.finish()
    }

    @Test func aDeadOneIsReplacedAndToldOf() async throws {
        let bench = try SamplerBench(Self.streams)
        try bench.follow()
        try await bench.wait("a sample") { !bench.samples.isEmpty }
        kill(try #require(bench.pids.first), SIGKILL)
        try await bench.wait("the failure") { bench.statuses.contains { $0.state == .failing } }
        #expect(bench.statuses.first { $0.state == .failing }?.detail == "nvidia-smi ended: signal 9")
        try await bench.wait("another") { bench.pids.count == 2 && bench.statuses.last?.state == .sampling }
        #expect(bench.statuses.last?.restarts == 1)
        try await bench.finish()
    }

    @Test func driversComeAndGo() async throws {
        let bench = try SamplerBench(
            "while [ -e $root/proc/driver/nvidia/version ]; do print; sleep 0.05; done\n"
                + "echo \"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\"; exit 9",
            driver: false)
        try bench.follow()
        try await bench.wait("no driver") { bench.statuses.last?.state == .noDriver }
        #expect(bench.pids.isEmpty, "without a driver nothing is started")
        try bench.fake.write("/proc/driver/nvidia/version", "NVRM")
        try await bench.wait("samples") { bench.statuses.last?.state == .sampling }
        try bench.fake.root.remove("/proc/driver/nvidia/version")
        try await bench.wait("no driver again") { bench.statuses.last?.state == .noDriver }
        try bench.fake.root.remove("/usr/bin/nvidia-smi")
        try await bench.wait("no tool") { bench.statuses.last?.state == .noTool }
        try await bench.finish()
    }

    @Test(arguments: [
        // Junk, an endless document, an endless text.
        ("while :; do echo '<nvidia_smi_log><gpu></nvidia_smi_log>'; sleep 0.02; done", "cannot be read"),
        ("echo '<nvidia_smi_log>'; while :; do echo '<gpu id=\"1\"></gpu>'; done", "without end"),
        ("exec yes 'no document at all, however long it goes on'", "without end"),
    ])
    func nonsenseIsStopped(_ script: String, _ words: String) async throws {
        let bench = try SamplerBench(script)
        try bench.follow()
        try await bench.wait("the failure") {
            bench.statuses.contains { $0.state == .failing && $0.detail.contains(words) }
        }
        #expect(bench.samples.isEmpty)
        try await bench.finish()
        #expect(bench.result == false)
    }

    @Test func oneSampleAndNoMore() async throws {
        let bench = try SamplerBench(Self.streams)
        try bench.follow(once: true)
        try await bench.wait("the end") { bench.result != nil }
        #expect(bench.result == true)
        try await bench.wait("the line") { !bench.messages.isEmpty }
        #expect(bench.messages.count == 1 && bench.samples.count == 1)
        try await bench.finish()

        let none = try SamplerBench("echo 'No devices were found'; exit 6")
        try none.follow(once: true)
        try await none.wait("the end") { none.result != nil }
        #expect(none.result == false && none.messages.isEmpty)
    }

    @Test func theEndOfTheReaderEndsIt() async throws {
        let bench = try SamplerBench(Self.streams)
        var ends: [CInt] = [-1, -1]
        #expect(pipe_open(&ends) == 0)
        let writer = ends[1]
        bench.sample(to: StreamOutlet(writer)) { close(writer) }
        try await bench.wait("a process") { !bench.pids.isEmpty }
        close(ends[0])
        try await bench.wait("the end") { bench.result != nil }
        try await bench.finish()
    }

    /// A pipe that nobody reads is full after 64 KiB: sampling goes on.
    @Test func aStuckReaderStopsNothing() async throws {
        let bench = try SamplerBench("while :; do print; echo x >>$root/tmp/count; done")
        var ends: [CInt] = [-1, -1]
        #expect(pipe_open(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        bench.sample(to: StreamOutlet(writer)) { close(writer) }
        // More documents than a pipe's worth of lines.
        try await bench.wait("documents") { (bench.fake.root.size("/tmp/count") ?? 0) > 2 * 1500 }
        bench.read(reader)
        try await bench.wait("what waited") { bench.samples.count > 1000 }
        let sequences = bench.samples.map(\.sequence)
        #expect(sequences == sequences.sorted() && Set(sequences).count == sequences.count)
        #expect(bench.samples.contains { $0.ageSeconds > 0 })
        try await bench.finish()
    }

    /// A FIFO behaves as the port does: it may not be there, have nobody at its other end, and lose who was there.
    @Test func thePortIsWaitedForAndEachHostBeginsWithAHello() async throws {
        let bench = try SamplerBench(Self.streams)
        let path = bench.fake.root.real("/dev/port")
        bench.sample(to: try PortOutlet(path))
        try await bench.wait("a process") { !bench.pids.isEmpty }
        #expect(mkfifo(path, 0o600) == 0)
        for host in 1...2 {
            let port = try FileDescriptor.open(FilePath(path), .readOnly, options: [.nonBlocking])
            var rest: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65536)
            let before = bench.messages.count
            // At once, or, where it came back before anybody noticed that it was away, at the next heartbeat.
            try await bench.wait("a hello and a sample for host \(host)") {
                let count = (try? chunk.withUnsafeMutableBytes { try port.read(into: $0) }) ?? 0
                rest = bench.take(rest + chunk[..<count])
                let heard = bench.messages.dropFirst(before)
                return heard.contains { if case .hello = $0.body { true } else { false } }
                    && heard.contains { if case .sample = $0.body { true } else { false } }
            }
            try port.close()
        }
        #expect(bench.samples.count >= 2)
        try await bench.finish()
    }

    @Test func xidErrorsOfTheKernelsLogAreTold() async throws {
        let bench = try SamplerBench(Self.streams)
        // Opened for both: a FIFO without a writer has ended, and the log never does.
        let log = try FileDescriptor.open(FilePath(bench.fake.root.real("/dev/kmsg")), .readWrite)
        defer { try? log.close() }
        try bench.follow()
        try await bench.wait("a sample") { !bench.samples.isEmpty }
        try log.writeAll(
            Array("6,1,1,-;usb 1-1: new device\n3,2,2,-;NVRM: Xid (PCI:0000:00:16): 79, GPU has fallen off\n".utf8))
        try await bench.wait("the error") { !bench.events.isEmpty }
        #expect(bench.events == [XidEvent(code: 79, pciAddress: "0000:00:16.0", text: "GPU has fallen off")])
        for _ in 0..<500 { try log.writeAll(Array("3,2,2,-;NVRM: Xid (PCI:0000:00:16): 31, x\n".utf8)) }
        try await bench.wait("the loss") { (bench.statuses.last?.dropped ?? 0) > 100 }
        #expect(bench.events.count < 400)
        try await bench.finish()
    }

    /// PR_SET_PDEATHSIG is told when the thread that started it ends, as it does with its process.
    @Test func nvidiaSMIEndsWithWhoStartedIt() async throws {
        let bench = try SamplerBench("exec sleep 600")
        let path = bench.fake.root.real("/usr/bin/nvidia-smi")
        Thread.detachNewThread {
            guard let process = try? SamplerProcess(path, []) else { return }
            // Its end is the thread's.
            while bench.pids.isEmpty { usleep(1000) }
            _ = Unmanaged.passRetained(process)
        }
        try await bench.wait("the process") { !bench.pids.isEmpty }
        let pid = try #require(bench.pids.first)
        try await bench.wait("its end") {
            var info = siginfo_t()
            return waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo != 0
        }
        var status: CInt = 0
        #expect(waitpid(pid, &status, 0) == pid)
        #expect(status & 0x7f == SIGKILL)
    }
}
