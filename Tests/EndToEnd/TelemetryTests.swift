import Contract
import Foundation
import GPUReadings
import Subprocess
import Synchronization
import SystemPackage
import Telemetry
import Testing

extension EndToEnd {
    /// What a guest tells its host of its GPU, from the job's `--telemetry` to the end of the VM.
    @Suite struct GuestTelemetry {
        private static let unit = "gpu-guest-agent-telemetry.service"

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(40)))
        func theHostSeesTheGuestsGPU() async throws {
            let bench = try Bench()
            let made = try await bench.provision(["--driver", Lane.driver("550.54.14"), "--telemetry"])
            try #require(made.exitCode == 0)
            let report = try made.report
            #expect(report.telemetry == TelemetrySection(unit: Self.unit, intervalSeconds: 1, enabled: true))
            #expect(report.steps.last?.id == .telemetry)
            #expect(report.proofBoot?.evidence.contains { $0.contains(Self.unit) } == true)

            let place = ["--state", bench.state]
            let started = try await bench.run(
                [
                    "start", bench.result, "--name", "web", "--gpu", "simulated", "--snapshot", "--detach", "--memory",
                    "1G", "--cpus", "2",
                ] + place)
            try #require(started.exitCode == 0)
            let socket = "\(bench.state)/machines/web/vm/telemetry.sock"
            do {
                try await watch(socket) { try await bench.run(["ssh", "web"] + place + ["--", $0]) }
            } catch {
                _ = try? await bench.run(["stop", "web", "--force"] + place)
                throw error
            }
            #expect(try await bench.run(["stop", "web", "--timeout", "5m"] + place).exitCode == 0)
            #expect(!FileManager.default.fileExists(atPath: socket))
        }

        private func watch(_ socket: String, _ ssh: @escaping (String) async throws -> Outcome) async throws {
            func guest(_ command: String) async throws -> String {
                let outcome = try await ssh(command)
                try #require(outcome.exitCode == 0, "\(command): \(outcome.stderr)")
                return outcome.stdout
            }
            func turn(_ knobs: String) async throws {
                _ = try await guest(
                    "mkdir -p /run/simulated-gpu; printf '\(knobs)' >/run/simulated-gpu/.new;"
                        + " mv /run/simulated-gpu/.new /run/simulated-gpu/state")
            }
            let first = try TelemetryListener(socket)
            try await first.wait("a hello and a sample") { $0.hello != nil && $0.sample != nil }
            #expect(first.heard.hello?.intervalSeconds == 1)
            #expect(first.heard.gpu?.numbers[.temperatureCelsius] == 32)

            // By the guest's clock from the change to the sample, and by ours until it is here: one after the other.
            try await turn("temperature=71\\nutilization=98\\n")
            let turned = ContinuousClock.now
            try await first.wait("the new temperature") {
                $0.gpu?.numbers[.temperatureCelsius] == 71 && $0.gpu?.numbers[.utilizationGPUPercent] == 98
            }
            let delay = ContinuousClock.now - turned
            print("  a change was seen \(delay) after ssh had returned")

            // A host that goes and comes back.
            first.close()
            let host = try TelemetryListener(socket)
            try await host.wait("a hello for the next host") { $0.hello != nil && $0.sample != nil }
            #expect(host.heard.hello?.sampler == first.heard.hello?.sampler)

            let running = "pgrep -o -f '^/bin/sh [^ ]*nvidia-smi -q -x'"
            let before = try await guest(running)
            _ = try await guest("kill -9 $(\(running))")
            try await host.wait("the failure and another one") {
                $0.states.contains(.failing) && $0.status?.state == .sampling
            }
            #expect(try await guest(running) != before)

            for (knob, heeds) in [("hang=1", true), ("hang=2", false)] {
                host.forget()
                try await turn("\(knob)\\n")
                try await host.wait("hung (\(heeds ? "" : "does not heed SIGTERM"))") { $0.status?.state == .hung }
                try await turn("temperature=33\\n")
                try await host.wait("samples again") {
                    $0.status?.state == .sampling && $0.gpu?.numbers[.temperatureCelsius] == 33
                }
                #expect(try await guest("pgrep -c -f '^(/bin/sh [^ ]*nvidia-smi -q -x|sleep 2147483647)'") == "1\n")
            }

            host.forget()
            _ = try await guest("rmmod nvidia")
            try await host.wait("no driver") { $0.status?.state == .noDriver }
            _ = try await guest("modprobe nvidia")
            try await host.wait("samples with the driver") { $0.status?.state == .sampling && $0.sample != nil }

            _ = try await guest("echo 'NVRM: Xid (PCI:0000:00:10): 79, GPU has fallen off the bus.' >/dev/kmsg")
            try await host.wait("the Xid error") {
                $0.events == [
                    XidEvent(code: 79, pciAddress: "0000:00:10.0", text: "GPU has fallen off the bus.")
                ]
            }
            // Nobody is left behind by a sampler that is killed, and it comes back.
            _ = try await guest("kill -9 $(systemctl show -p MainPID \(Self.unit) | cut -d= -f2)")
            let old = host.heard.hello?.sampler
            try await host.wait("the next sampler") { $0.hello?.sampler != old && $0.status?.state == .sampling }
            #expect(try await guest("pgrep -c -f '^/bin/sh [^ ]*nvidia-smi -q -x'") == "1\n")
            #expect(host.heard.nonsense.isEmpty)
            host.close()
        }
    }
}

/// The host's end of a VM's telemetry socket, read by a thread of its own.
private final class TelemetryListener: Sendable {
    struct Heard: Sendable {
        var hello: TelemetryHello?
        var status: SamplerStatus?
        var states: [SamplerState] = []
        var sample: TelemetrySample?
        var events: [XidEvent] = []
        var nonsense: [String] = []

        var gpu: GPUSample? { sample?.gpus.first }
    }

    private let descriptor: Int32
    private let state = Mutex(Heard())

    init(_ path: String) throws {
        // The path may be longer than an address takes.
        let folder = open(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]), O_RDONLY | O_DIRECTORY)
        defer { Foundation.close(folder) }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: "/proc/self/fd/\(folder)/telemetry.sock".utf8)
        }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw Errno(rawValue: errno) }
        Thread.detachNewThread { [self] in
            var rest: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65536)
            while case let count = read(descriptor, &chunk, chunk.count), count > 0 {
                rest += chunk[..<count]
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    take(rest[..<end])
                    rest.removeSubrange(...end)
                }
            }
            Foundation.close(descriptor)
        }
    }

    var heard: Heard { state.withLock { $0 } }

    /// Only what comes from now on counts. Who speaks stays known.
    func forget() {
        state.withLock { $0 = Heard(hello: $0.hello) }
    }

    func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private func take(_ line: ArraySlice<UInt8>) {
        state.withLock { state in
            do {
                switch try TelemetryLine.decode(line).body {
                case .hello(let hello): state.hello = hello
                case .status(let status):
                    state.status = status
                    state.states.append(status.state)
                case .sample(let sample): state.sample = sample
                case .xid(let event): state.events.append(event)
                case .unknown: break
                }
            } catch {
                state.nonsense.append("\(error)")
            }
        }
    }

    func wait(
        _ what: String, _ location: SourceLocation = #_sourceLocation, until isSo: (Heard) -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(180)
        while !isSo(heard) {
            try #require(ContinuousClock.now < end, "waited for: \(what); \(heard)", sourceLocation: location)
            try await Task.sleep(for: .milliseconds(50))
        }
        print("  heard: \(what)")
    }
}
