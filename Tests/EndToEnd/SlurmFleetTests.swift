import Contract
import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

extension EndToEnd {
    /// `fleet --engine slurm` on a real Slurm, with guests that are VMs inside its jobs.
    @Suite struct SlurmFleet {
        private struct Status: Decodable {
            struct Guest: Decodable {
                var name: String
                var state: String
                var job: String?
                var node: String?
            }

            var guests: [Guest]
        }

        /// A cluster of two nodes on this machine, and a fleet for it.
        private final class Place: Sendable {
            let bench: Bench
            /// Short, for sockets, and where munge wants it: in a folder that others can reach.
            let cluster: String

            init() async throws {
                cluster = "/tmp/slurm-\(UUID().uuidString.prefix(8))"
                bench = try Bench(environment: ["SLURM_CONF": "\(cluster)/slurm.conf"])
                try await Self.lane(["--install", "start", cluster])
                let manifest = """
                    version: 1
                    name: lab
                    defaults:
                      image: base.qcow2
                      driver: \(Lane.driver("470.256.02"))
                      memory: 2G
                      cpus: 2
                      gpus: simulated
                      hostname: "{name}.lab"
                    guests:
                      - name: n{n}
                        count: 2
                    """
                // A node for each guest, so that both have one.
                let site = """
                    version: 1
                    shared: \(bench.folder)/shared
                    scratch: \(bench.folder)/scratch
                    partition: lane
                    poll: 1
                    sbatch: [--exclusive]
                    nodes:
                      - names: node[1-2]
                    """
                try Data(manifest.utf8).write(to: URL(filePath: "\(bench.folder)/fleet.yaml"))
                try Data(site.utf8).write(to: URL(filePath: "\(bench.folder)/site.yaml"))
            }

            /// Its daemons and what they run.
            func end() async throws {
                try await Self.lane(["stop", cluster])
                try FileManager.default.removeItem(atPath: cluster)
            }

            private static func lane(_ arguments: [String]) async throws {
                let done = try await Subprocess.run(
                    .path(FilePath("\(Lane.package)/Scripts/slurm-lane")), arguments: Arguments(arguments),
                    output: .discarded, error: .string(limit: 1 << 20))
                try #require(done.terminationStatus.isSuccess, "\(done.standardError)")
            }

            func fleet(
                _ command: String, _ more: [String] = [],
                killWhen watch: @escaping @Sendable (String) -> Bool = { _ in false }
            ) async throws -> Outcome {
                let licences = ["apply", "reimage"].contains(command) ? ["--accept-nvidia-licenses", "--yes"] : []
                return try await bench.run(
                    [
                        "fleet", command, "\(bench.folder)/fleet.yaml", "--state", bench.state, "--engine", "slurm",
                        "--site", "\(bench.folder)/site.yaml",
                    ] + licences + more, killWhen: watch)
            }

            func status() async throws -> [Status.Guest] {
                let outcome = try await fleet("status", ["--format", "json"])
                return try JSONDecoder().decode(Status.self, from: Data(outcome.stdout.utf8)).guests
            }

            /// The words of a command in a guest.
            func asked(_ guest: String, _ script: String) async throws -> [String] {
                let said = try await bench.run([
                    "ssh", "lab-\(guest)", "--state", "\(bench.folder)/scratch", "--", script,
                ])
                try #require(said.exitCode == 0, "\(said.stdout)\(said.stderr)")
                return said.stdout.split(whereSeparator: \.isWhitespace).map(String.init)
            }

            /// What a command of Slurm's prints.
            func slurm(_ command: String, _ arguments: [String]) async throws -> String {
                let done = try await Subprocess.run(
                    .name(command), arguments: Arguments(arguments),
                    environment: .inherit.updating(["SLURM_CONF": "\(cluster)/slurm.conf"]),
                    output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
                try #require(done.terminationStatus.isSuccess, "\(done.standardError)")
                return done.standardOutput
            }
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(60)))
        func guestsLiveInJobs() async throws {
            let place = try await Place()
            do {
                try await Self.live(place)
            } catch {
                try await place.end()
                throw error
            }
            try await place.end()
        }

        /// A driver too old for the CUDA is told before anything is submitted.
        private static func mistakesAreNotSubmitted(_ place: Place) async throws {
            let manifest = "\(place.bench.folder)/fleet.yaml"
            let right = try String(contentsOf: URL(filePath: manifest), encoding: .utf8)
            let wrong = right.replacing(
                Lane.driver("470.256.02"), with: "\(Lane.driver("390.42"))\n  cuda: \(Lane.cuda114)")
            try Data(wrong.utf8).write(to: URL(filePath: manifest))
            for command in ["plan", "apply"] {
                let refused = try await place.fleet(command)
                #expect(refused.exitCode == 2, "\(refused)")
                #expect(refused.stderr.contains(FailureCode.incompatible.rawValue), "\(refused)")
                #expect(refused.stderr.contains("for the guest n1, line 12 of the manifest"), "\(refused)")
            }
            #expect(try await place.slurm("squeue", ["--noheader"]).isEmpty)
            try Data(right.utf8).write(to: URL(filePath: manifest))
        }

        private static func live(_ place: Place) async throws {
            let before = try await place.bench.imageDigest()
            try await mistakesAreNotSubmitted(place)
            let plan = try await place.fleet("plan")
            #expect(plan.exitCode == 0 && plan.stdout.contains("Plan: 2 to create, 1 golden to build."), "\(plan)")

            // The submitter killed while a job builds: the job goes on, and the next apply finds it.
            let killed = try await place.fleet("apply", killWhen: { $0.contains("Provision the guest") })
            #expect(killed.exitCode == nil)
            #expect(try await place.slurm("squeue", ["--noheader", "--array"]).split(separator: "\n").count == 1)
            let applied = try await place.fleet("apply")
            #expect(applied.exitCode == 0, "\(applied.stderr)")
            #expect(applied.stderr.contains("n2: Prove that CUDA works in the guest"))
            let guests = try await place.status()
            #expect(guests.map(\.state) == ["running", "running"])
            #expect(Set(guests.map(\.node)) == ["node1", "node2"])
            #expect(try place.bench.livingMachines().count == 2)
            let identify = "hostname; cat /etc/machine-id"
            let (one, two) = (try await place.asked("n1", identify), try await place.asked("n2", identify))
            #expect(one[0] == "n1.lab" && two[0] == "n2.lab" && one[1] != two[1])

            // A job that somebody cancels takes its VM with it; the guest is started again, on the disk that it has.
            _ = try await place.slurm("scancel", [try #require(guests[0].job)])
            while try await place.status()[0].state != "ended" { try await Task.sleep(for: .seconds(1)) }
            #expect(try place.bench.livingMachines().count == 1)
            let again = try await place.fleet("apply")
            #expect(again.exitCode == 0 && again.stderr.contains("Plan: 1 to start."), "\(again.stderr)")
            #expect(try await place.asked("n1", identify) == one)

            let reimaged = try await place.fleet("reimage", ["--only", "n2"])
            #expect(reimaged.exitCode == 0, "\(reimaged.stderr)")
            let renewed = try await place.asked("n2", identify)
            #expect(renewed[0] == "n2.lab" && renewed[1] != two[1])

            let destroyed = try await place.fleet("destroy", ["--yes"])
            #expect(destroyed.exitCode == 0, "\(destroyed.stderr)")
            #expect(destroyed.stderr.contains("was removed: nobody uses it"), "\(destroyed)")
            #expect(try await place.slurm("squeue", ["--noheader"]).isEmpty)
            #expect(try place.bench.livingMachines().isEmpty)
            #expect(try await place.bench.imageDigest() == before)
        }
    }
}
