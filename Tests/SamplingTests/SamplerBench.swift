import CSampling
import Foundation
import Guest
import GuestFakes
import Synchronization
import SystemPackage
import Telemetry
import Testing

@testable import Sampling

/// A guest in a folder with an nvidia-smi that is a shell script, and a sampler of it in a thread of its own.
final class SamplerBench: Sendable {
    let fake: FakeRoot
    private let wakeup: Wakeup
    private let ended = Mutex<Bool?>(nil)
    private let lines = Mutex<[TelemetryMessage]>([])
    private let nonsense = Mutex<[String]>([])

    static let document = """
        <?xml version="1.0" ?>
        <!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
        <nvidia_smi_log><driver_version>550.54.14</driver_version><attached_gpus>1</attached_gpus>
        <gpu id="00000000:00:16.0"><product_name>NVIDIA A100</product_name>
        <temperature><gpu_temp>47 C</gpu_temp></temperature></gpu></nvidia_smi_log>

        """

    /// `script`: the body of nvidia-smi; `print` in it prints a document.
    init(_ script: String, driver: Bool = true) throws {
        signal(SIGPIPE, SIG_IGN)
        // Programs are run from it: /dev/shm may forbid that.
        fake = try FakeRoot(["/proc/sys/kernel/random/boot_id": "b\n"], inMemory: false)
        wakeup = try Wakeup()
        try fake.write("/tmp/document", Self.document)
        try install(script)
        if driver { try fake.write("/proc/driver/nvidia/version", "NVRM") }
        try fake.write("/dev/x", "")
        guard mkfifo(fake.root.real("/dev/kmsg"), 0o600) == 0 else { throw Errno(rawValue: errno) }
    }

    func install(_ script: String) throws {
        let root = fake.root.prefix.string
        try fake.write(
            "/usr/bin/nvidia-smi",
            "#!/bin/sh\nroot=\(root)\nprint() { cat $root/tmp/document; }\necho $$ >>$root/tmp/pids\n\(script)\n")
        guard chmod(fake.root.real("/usr/bin/nvidia-smi"), 0o755) == 0 else { throw Errno(rawValue: errno) }
    }

    /// What `nvidia-smi` was started, in order.
    var pids: [pid_t] { (fake.root.textIfReadable("/tmp/pids") ?? "").split(separator: "\n").compactMap { pid_t($0) } }

    /// Samples into a pipe that this reads, until ``stop()``.
    func follow(interval: Double = 1, once: Bool = false) throws {
        // Not inherited by the children of tests that run beside this one, which would keep it open.
        var ends: [CInt] = [-1, -1]
        guard pipe_open(&ends) == 0 else { throw Errno(rawValue: errno) }
        let (reader, end) = (ends[0], ends[1])
        read(reader)
        sample(to: StreamOutlet(end), interval: interval, once: once) { close(end) }
    }

    /// Takes what comes until there is nobody to write any more.
    func read(_ descriptor: CInt) {
        Thread.detachNewThread { [self] in
            var rest: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65536)
            while case let count = Foundation.read(descriptor, &chunk, chunk.count), count > 0 {
                rest = take(rest + chunk[..<count])
            }
            close(descriptor)
        }
    }

    func sample(
        to outlet: any Outlet, interval: Double = 1, once: Bool = false, then: @escaping @Sendable () -> Void = {}
    ) {
        let box = OutletBox(outlet)
        Thread.detachNewThread { [self] in
            let sampler = Sampler(
                fake.root, to: box.outlet, Sampler.Options(interval: interval, once: once, leastPatience: 3),
                wakeup: wakeup)
            let result = sampler.run()
            then()
            ended.withLock { $0 = result }
        }
    }

    /// Takes whole lines, returns the rest.
    func take(_ bytes: [UInt8]) -> [UInt8] {
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            do {
                let message = try TelemetryLine.decode(rest[..<end])
                lines.withLock { $0.append(message) }
            } catch {
                nonsense.withLock { $0.append(String(decoding: rest[..<end].prefix(300), as: UTF8.self)) }
            }
            rest = rest[(end + 1)...]
        }
        return Array(rest)
    }

    func stop() { wakeup.requestStop() }

    /// Whether it made a sample; nil while it works.
    var result: Bool? { ended.withLock { $0 } }
    var messages: [TelemetryMessage] { lines.withLock { $0 } }
    var badLines: [String] { nonsense.withLock { $0 } }

    var samples: [TelemetryMessage] {
        messages.filter { if case .sample = $0.body { true } else { false } }
    }
    var statuses: [SamplerStatus] {
        messages.compactMap { if case .status(let status) = $0.body { status } else { nil } }
    }
    var events: [XidEvent] {
        messages.compactMap { if case .xid(let event) = $0.body { event } else { nil } }
    }

    /// Waits for something; the deadline is for a machine that is busy with something else.
    func wait(
        _ what: String, seconds: Double = 60, _ location: SourceLocation = #_sourceLocation,
        until isSo: () -> Bool
    ) async throws {
        let end = Date.now.addingTimeInterval(seconds)
        while !isSo() {
            try #require(Date.now < end, "waited for: \(what); \(statuses.suffix(3))", sourceLocation: location)
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Whether a process runs; one that only waits for its parent to notice its end does not.
    static func lives(_ pid: pid_t) -> Bool {
        guard let stat = SystemRoot.live.attribute("/proc/\(pid)/stat"), let name = stat.lastIndex(of: ")") else {
            return false
        }
        return !stat[name...].hasPrefix(") Z")
    }

    /// Ends it, and proves that no nvidia-smi is left.
    func finish(_ location: SourceLocation = #_sourceLocation) async throws {
        stop()
        try await wait("the sampler's end", location) { result != nil }
        for pid in pids { #expect(!Self.lives(pid), "\(pid) lives", sourceLocation: location) }
        #expect(badLines.isEmpty, sourceLocation: location)
    }
}

/// Handed to one thread, used there alone.
private struct OutletBox: @unchecked Sendable {
    let outlet: any Outlet
    init(_ outlet: any Outlet) { self.outlet = outlet }
}
