import Foundation
import Subprocess
import SystemPackage
import Testing

/// What a host says of a guest's GPU, by every way that people and programs have: on a result that was made with `--telemetry`.
struct HostTelemetryCheck {
    let bench: Bench
    private let name = "watched"
    /// A change in the guest is to be told everywhere within this, and within several times of it on a machine where an
    /// emulated guest and its host share two cores.
    private let promised = Duration.seconds(2)
    private let patience = Duration.seconds(60)

    private var place: [String] { ["--state", bench.state] }

    func run() async throws {
        let started = try await bench.run(
            [
                "start", bench.result, "--name", name, "--gpu", "simulated", "--snapshot", "--detach", "--memory", "1G",
                "--cpus", "2",
            ] + place)
        try #require(started.exitCode == 0, "\(started.stderr)")
        do {
            try await serving { address in try await look(address) }
        } catch {
            _ = try? await bench.run(["stop", name, "--force"] + place)
            throw error
        }
        #expect(try bench.livingMachines().isEmpty)
    }

    private func look(_ address: String) async throws {
        let metrics = { try await get("\(address)/metrics") }
        func temperature(_ value: Int) -> @Sendable (String) -> Bool {
            { text in
                text.split(separator: "\n").contains {
                    $0.hasPrefix("nvidia_gpu_temperature_celsius{") && $0.contains("vm=\"watched\"")
                        && $0.hasSuffix(" \(value)")
                }
            }
        }
        _ = try await told("the first sample", metrics, temperature(32))

        try await turn("temperature=71\\nutilization=98\\n")
        let delay = try await told("the change, to Prometheus", metrics, temperature(71))
        print("  \(delay) after ssh had returned (promised: \(promised))")
        let stream = try await get("\(address)/api/v1/stream", seconds: 2)
        #expect(stream.hasPrefix("event: snapshot\ndata: {") && stream.contains("\"temperatureCelsius\":71"))
        let page = try await get("\(address)/")
        #expect(page.contains("<script") && page.contains("app.js"))

        // A second process hears through the first.
        let once = try await bench.run(["telemetry", "--format", "json"] + place)
        #expect(
            once.exitCode == 0 && once.stdout.contains("\"utilizationGPUPercent\":98"), "\(once.stdout)\(once.stderr)")
        let table = try await bench.run(["telemetry"] + place)
        #expect(table.stdout.contains("98 %") && table.stdout.contains("71 °C"), "\(table.stdout)")
        #expect(table.stdout.split(separator: "\n").allSatisfy { $0.count <= 100 })
        let watched = try await Subprocess.run(
            .name("python3"),
            arguments: Arguments(
                [
                    "\(Lane.package)/Tests/Watch/watch_for.py", "71°C", "30", "\(Lane.bin)/provision-gpu-vm",
                    "telemetry",
                    "--watch",
                ] + place), output: .string(limit: 1 << 16), error: .string(limit: 1 << 20))
        #expect(watched.terminationStatus.isSuccess, "\(watched.standardError)")
        print("  the terminal view showed it after \(watched.standardOutput.prefix { $0 != "\n" }) s")

        // A driver that goes and comes.
        try await ssh("rmmod nvidia || { sleep 1; rmmod nvidia; }")
        _ = try await told("that there is no driver", metrics) {
            $0.contains("state=\"no-driver\"} 1") && !$0.contains("nvidia_gpu_temperature_celsius{")
        }
        try await ssh("modprobe nvidia")
        _ = try await told("samples with the driver", metrics, temperature(71))

        // A VM that stops: its series end, and do not go on flat.
        #expect(try await bench.run(["stop", name, "--timeout", "5m"] + place).exitCode == 0)
        _ = try await told("that the VM has stopped", metrics) {
            !$0.contains("vm=\"watched\"") || !$0.contains("gpu=\"0\"")
        }
    }

    // MARK: -

    private func turn(_ knobs: String) async throws {
        try await ssh(
            "mkdir -p /run/simulated-gpu; printf '\(knobs)' >/run/simulated-gpu/.new;"
                + " mv /run/simulated-gpu/.new /run/simulated-gpu/state")
    }

    private func ssh(_ command: String) async throws {
        let outcome = try await bench.run(["ssh", name] + place + ["--", command])
        try #require(outcome.exitCode == 0, "\(command): \(outcome.stderr)")
    }

    /// Asks until the answer is so; how long that took.
    private func told(
        _ what: String, _ ask: () async throws -> String, _ isSo: (String) -> Bool
    ) async throws -> Duration {
        let began = ContinuousClock.now
        var answer = ""
        while ContinuousClock.now - began < patience {
            answer = try await ask()
            if isSo(answer) {
                print("  told: \(what)")
                return ContinuousClock.now - began
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("\(what) was not told: \(answer.suffix(4000))")
        return patience
    }

    private func get(_ address: String, seconds: Int = 20) async throws -> String {
        let answer = try await Subprocess.run(
            .name("curl"), arguments: ["-sN", "--max-time", "\(seconds)", address], output: .string(limit: 16 << 20))
        return answer.standardOutput
    }

    /// Runs the collecting and serving process beside `body`, and ends it as Ctrl-C does.
    private func serving(_ body: (String) async throws -> Void) async throws {
        let words = "\(bench.folder)/telemetry.stderr"
        let error = try FileDescriptor.open(
            FilePath(words), .writeOnly, options: [.create], permissions: [.ownerReadWrite])
        let served = try await Subprocess.run(
            .path(FilePath("\(Lane.bin)/provision-gpu-vm")),
            arguments: Arguments(["telemetry", "--collect", "--serve", "127.0.0.1:0"] + place), input: .none,
            output: .discarded,
            error: .fileDescriptor(error, closeAfterSpawningProcess: true)
        ) { execution in
            do {
                try await body(try await address(in: words))
            } catch {
                try? execution.send(signal: .kill)
                throw error
            }
            try execution.send(signal: .interrupt)
        }
        #expect(served.terminationStatus == .exited(0) || served.terminationStatus == .exited(130))
        #expect(FileManager.default.fileExists(atPath: "\(bench.state)/telemetry/telemetry.db"))
    }

    private func address(in words: String) async throws -> String {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            let text = String(decoding: FileManager.default.contents(atPath: words) ?? Data(), as: UTF8.self)
            if let line = text.split(separator: "\n").first(where: { $0.contains("http://") }),
                let start = line.range(of: "http://")
            {
                return "http://" + line[start.upperBound...].prefix { $0 != "/" }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw CancellationError()
    }
}
