import Contract
import FoundationEssentials
import Testing

extension EndToEnd {
    /// `start`, `list`, `ssh`, `logs` and `stop` with a real guest, on a throwaway disk.
    @Suite struct LastingMachine {
        private struct Row: Decodable {
            var name: String
            var state: String
            var pid: Int32?
        }

        @Test(.enabled(if: Lane.quick, Lane.quickHint), .timeLimit(.minutes(20)))
        func aVMFromStartToStop() async throws {
            let bench = try Bench()
            let place = ["--state", bench.state]
            func rows() async throws -> [Row] {
                let listed = try await bench.run(["list", "--format", "json"] + place)
                return try JSONDecoder().decode([Row].self, from: Data(listed.stdout.utf8))
            }
            let before = try await bench.imageDigest()
            let started = try await bench.run(
                [
                    "start", bench.image, "--name", "web", "--gpu", "simulated", "--snapshot", "--detach", "--memory",
                    "1G", "--cpus", "2",
                ] + place)
            #expect(started.exitCode == 0, "\(started.stderr)")
            #expect(started.stdout.contains("web runs: process "))
            do {
                #expect(try await rows().map(\.state) == ["running"])
                let kernel = try await bench.run(["ssh", "web"] + place + ["--", "uname", "-r"])
                #expect(kernel.exitCode == 0, "\(kernel.stderr)")
                #expect(kernel.stdout.split(separator: ".").count >= 3, "\(kernel.stdout)")
                // ssh's own status comes back.
                #expect(try await bench.run(["ssh", "web"] + place + ["--", "exit 7"]).exitCode == 7)
                let log = try await bench.run(["logs", "web", "--lines", "100000"] + place)
                #expect(log.stdout.contains("Linux version") || log.stdout.contains("login:"), "\(log.stdout)")
                let again = try await bench.run(
                    ["start", bench.image, "--name", "web", "--snapshot", "--detach"] + place)
                #expect(again.exitCode == 4)
                #expect(again.stderr.contains("vm.running"))
            } catch {
                _ = try? await bench.run(["stop", "web", "--force"] + place)
                throw error
            }
            let stopped = try await bench.run(["stop", "web", "--timeout", "5m"] + place)
            #expect(stopped.exitCode == 0)
            #expect(stopped.stdout.contains("web has shut down"), "\(stopped.stdout)\(stopped.stderr)")
            #expect(try await rows().map(\.state) == ["stopped"])
            #expect(try bench.livingMachines().isEmpty)
            #expect(try await bench.imageDigest() == before)
            #expect(try await bench.run(["stop", "web", "--remove"] + place).exitCode == 0)
            #expect(try await rows().isEmpty)
        }
    }
}
