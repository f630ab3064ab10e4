import Contract
import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

extension EndToEnd {
    /// A golden image, and machines that stand on it: each is one of its own.
    @Suite struct Generalised {
        /// What `start --format json` says.
        private struct Started: Decodable {
            struct Forward: Decodable, Equatable {
                var host: UInt16
                var guest: UInt16
            }
            var sshPort: UInt16
            var forwards: [Forward]
            var hostKeyFingerprint: String?
        }

        /// What a guest says of itself, and its host of it.
        private struct Identity: Equatable {
            var hostname: String
            var machineID: String
            var hostKeys: [String]
            var hosts: String
            var fingerprint: String
            var forwardedPort: UInt16
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(60)))
        func machinesOnAGoldenImageAreNoTwins() async throws {
            let bench = try Bench()
            let outcome = try await bench.provision([
                "--driver", Lane.driver("470.256.02"), "--generalise", "--standalone",
            ])
            try #require(outcome.exitCode == 0)
            let proof = try #require(try outcome.report.proofBoot)
            #expect(proof.evidence.count { $0.hasPrefix("a machine of its own: ") } == 2, "\(proof.evidence)")
            try await keys(bench)
            var seen: [Identity] = []
            for name in ["one", "two"] {
                let overlay = "\(bench.folder)/\(name).qcow2"
                try await succeed(
                    "qemu-img", ["create", "-q", "-f", "qcow2", "-b", bench.result, "-F", "qcow2", overlay])
                seen.append(
                    try await look(
                        bench, name,
                        [
                            "--hostname", "\(name).example.org", "--authorized-keys", "\(bench.folder)/mine.pub",
                            "--forward", "22",
                        ]))
            }
            #expect(seen[0].machineID != seen[1].machineID)
            #expect(seen[0].fingerprint != seen[1].fingerprint)
            #expect(Set(seen.flatMap(\.hostKeys)).count == seen.flatMap(\.hostKeys).count)
            for (name, identity) in zip(["one", "two"], seen) {
                #expect(identity.hostname == "\(name).example.org")
                #expect(identity.machineID.utf8.count == 32)
                #expect(identity.hostKeys.count >= 2)
                #expect(identity.hosts == "127.0.1.1 \(name).example.org \(name)")
            }
            // The next boot is the same machine's, ports included.
            #expect(try await look(bench, "one", []) == seen[0])
            #expect(try bench.livingMachines().isEmpty)
        }

        /// Starts an overlay, looks at it by means of the user's own key through a forwarded port, and stops it.
        private func look(_ bench: Bench, _ name: String, _ options: [String]) async throws -> Identity {
            let place = ["--state", bench.state]
            let started = try await bench.run(
                [
                    "start", "\(bench.folder)/\(name).qcow2", "--name", name, "--gpu", "simulated", "--detach",
                    "--memory", "1G", "--cpus", "2", "--format", "json",
                ] + options + place)
            try #require(started.exitCode == 0)
            do {
                let facts = try JSONDecoder().decode(Started.self, from: Data(started.stdout.utf8))
                let listed = try await bench.run(["list", "--format", "json"] + place)
                let port = try #require(facts.forwards.first)
                #expect(port.guest == 22 && port.host != facts.sshPort)
                #expect(listed.stdout.contains("\(port.host)"))
                // The forwarded port, and the user's own key.
                let answer = try await ask(
                    bench, port.host,
                    "hostname; cat /etc/machine-id; grep 127.0.1.1 /etc/hosts; cut -d ' ' -f 2 /etc/ssh/ssh_host_*_key.pub"
                )
                let lines = answer.split(separator: "\n").map(String.init)
                try #require(lines.count > 3, "\(answer)")
                _ = try await bench.run(["stop", name, "--timeout", "5m"] + place)
                return Identity(
                    hostname: lines[0], machineID: lines[1], hostKeys: Array(lines[3...]), hosts: lines[2],
                    fingerprint: facts.hostKeyFingerprint ?? "", forwardedPort: port.host)
            } catch {
                _ = try? await bench.run(["logs", name, "--lines", "200"] + place)
                _ = try? await bench.run(["stop", name, "--force"] + place)
                throw error
            }
        }

        private func keys(_ bench: Bench) async throws {
            try await succeed("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(bench.folder)/mine"])
        }

        private func ask(_ bench: Bench, _ port: UInt16, _ command: String) async throws -> String {
            try await succeed(
                "ssh",
                [
                    "-F", "/dev/null", "-p", "\(port)", "-i", "\(bench.folder)/mine", "-o", "IdentitiesOnly=yes", "-o",
                    "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o",
                    "ConnectTimeout=60", "root@127.0.0.1", command,
                ])
        }

        @discardableResult
        private func succeed(_ program: String, _ arguments: [String]) async throws -> String {
            let result = try await Subprocess.run(
                .name(program), arguments: Arguments(arguments), output: .string(limit: 1 << 16),
                error: .string(limit: 1 << 16))
            try #require(result.terminationStatus.isSuccess, "\(program): \(result.standardError)")
            return result.standardOutput
        }
    }
}
