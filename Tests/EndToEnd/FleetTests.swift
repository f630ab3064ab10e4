import Contract
import FoundationEssentials
import Synchronization
import Testing

extension EndToEnd {
    /// `fleet` with real guests: one golden image, guests on it, killed in between.
    @Suite(.serialized) struct Fleet {
        private struct Status: Decodable {
            struct Guest: Decodable {
                var name: String
                var state: String
                var machine: String
                var sshPort: UInt16?
                var golden: String?
            }

            var guests: [Guest]
        }

        private struct Plan: Decodable {
            struct Guest: Decodable {
                var name: String
                var action: String
            }

            struct Golden: Decodable {
                var isMissing: Bool
                var guests: Int
            }

            var guests: [Guest]
            var goldens: [Golden]
        }

        /// What a guest says of itself.
        private struct Identity: Equatable {
            var hostname: String
            var machineID: String
            var hostKey: String
        }

        /// A fleet in a folder of its own.
        private struct Place {
            let bench: Bench
            let manifest: String

            init(guests: Int) throws {
                bench = try Bench()
                manifest = "\(bench.folder)/fleet.yaml"
                let text = """
                    version: 1
                    name: lab
                    defaults:
                      image: base.qcow2
                      driver: \(Lane.driver("470.256.02"))
                      cuda: \(Lane.cuda114)
                      memory: 1G
                      cpus: 2
                      gpus: simulated
                      hostname: "{name}.lab"
                    guests:
                      - name: n{n}
                        count: \(guests)
                    """
                try Data(text.utf8).write(to: URL(filePath: manifest))
            }

            func fleet(
                _ command: String, _ more: [String] = [],
                killWhen watch: @escaping @Sendable (String) -> Bool = { _ in false }
            ) async throws -> Outcome {
                let licences = ["apply", "reimage"].contains(command) ? ["--accept-nvidia-licenses", "--yes"] : []
                return try await bench.run(
                    ["fleet", command, manifest, "--state", bench.state] + licences + more, killWhen: watch)
            }

            func status() async throws -> [Status.Guest] {
                let outcome = try await fleet("status", ["--format", "json"])
                return try JSONDecoder().decode([Status].self, from: Data(outcome.stdout.utf8)).flatMap(\.guests)
            }

            func plan() async throws -> Plan {
                let outcome = try await fleet("plan", ["--format", "json"])
                #expect(outcome.exitCode == 0, "\(outcome.stderr)")
                return try JSONDecoder().decode(Plan.self, from: Data(outcome.stdout.utf8))
            }

            func identity(_ guest: String) async throws -> Identity {
                let script = "hostname; cat /etc/machine-id; cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub"
                let said = try await bench.run(["ssh", "lab-\(guest)", "--state", bench.state, "--", script])
                let lines = said.stdout.split(separator: "\n").map(String.init)
                try #require(lines.count == 3, "\(said.stdout)\(said.stderr)")
                return Identity(hostname: lines[0], machineID: lines[1], hostKey: lines[2])
            }

            /// Takes the driver's modules out of a guest, and switches it off.
            func breakDriver(_ guest: String) async throws {
                let script = "find /lib/modules -name 'nvidia*.ko*' -delete && depmod && sync"
                let done = try await bench.run(["ssh", "lab-\(guest)", "--state", bench.state, "--", script])
                try #require(done.exitCode == 0, "\(done.stdout)\(done.stderr)")
                _ = try await bench.run(["stop", "lab-\(guest)", "--state", bench.state])
            }

            func disk(_ guest: String) -> String { "\(bench.state)/fleets/lab/\(guest)/disk.qcow2" }

            var goldens: [String] {
                ((try? FileManager.default.contentsOfDirectory(atPath: "\(bench.state)/golden")) ?? []).sorted()
            }

            /// Nothing of it runs or stays, whatever the test came to.
            func end() async throws {
                let gone = try await fleet("destroy", ["--yes"])
                #expect(gone.exitCode == 0, "\(gone.stderr)")
                #expect(try bench.livingMachines().isEmpty)
                #expect(goldens.isEmpty, "\(goldens)")
                #expect(!FileManager.default.fileExists(atPath: "\(bench.state)/fleets/lab"))
            }
        }

        /// Kills at the first line that contains `words`.
        private static func at(_ words: String) -> @Sendable (String) -> Bool {
            let done = Mutex(false)
            return { line in
                done.withLock { done in
                    guard !done, line.contains(words) else { return false }
                    done = true
                    return true
                }
            }
        }

        @Test(.enabled(if: Lane.quick, Lane.quickHint), .timeLimit(.minutes(40)))
        func twoGuestsKilledAndReimaged() async throws {
            let place = try Place(guests: 2)
            let before = try await place.bench.imageDigest()
            let plan = try await place.plan()
            #expect(plan.guests.map(\.action) == ["create", "create"])
            #expect(plan.goldens.map(\.isMissing) == [true] && plan.goldens.map(\.guests) == [2])
            #expect(!FileManager.default.fileExists(atPath: "\(place.bench.state)/fleets"), "plan makes nothing")

            // Killed in the middle of the build: no image is there, and the next one goes on with the same run.
            let killed = try await place.fleet("apply", killWhen: Self.at("driver: "))
            #expect(killed.exitCode == nil)
            #expect(!place.goldens.contains { $0.hasSuffix(".json") }, "\(place.goldens)")
            let applied = try await place.fleet("apply")
            #expect(applied.exitCode == 0, "\(applied.stderr)")
            #expect(applied.stderr.contains("Going on with the run of before"))
            #expect(applied.stderr.contains(", CUDA works (GPU simulated)"))
            #expect(try await place.status().map(\.state) == ["running", "running"])
            #expect(place.goldens.count == 2, "an image and its sheet: \(place.goldens)")
            let (one, two) = (try await place.identity("n1"), try await place.identity("n2"))
            #expect(one.hostname == "n1.lab" && two.hostname == "n2.lab")
            #expect(one.machineID != two.machineID && one.hostKey != two.hostKey)
            #expect(try await place.plan().guests.allSatisfy { $0.action == "none" })

            // A guest whose driver is gone is started, asked, and switched off again with the reason.
            try await place.breakDriver("n1")
            let broken = try await place.fleet("apply")
            #expect(broken.exitCode == 7, "\(broken.stderr)")
            #expect(broken.stderr.contains("modinfo finds no"), "\(broken.stderr)")
            #expect(try await place.status().map(\.state) == ["failed", "running"])
            #expect(try place.bench.livingMachines().count == 1)

            // Killed between a guest's disk and its boot: the disk is next to nothing, and the guest is made anew.
            let ports = try await place.status().map(\.sshPort)
            let cut = try await place.fleet("reimage", ["--only", "n1"], killWhen: Self.at("n1: Start the VM"))
            #expect(cut.exitCode == nil)
            #expect(try await place.plan().guests.map(\.action) == ["reimage", "none"])
            let mended = try await place.fleet("apply", ["--format", "json"])
            #expect(mended.exitCode == 0, "\(mended.stderr)")
            let renewed = try await place.identity("n1")
            #expect(
                renewed.hostname == "n1.lab" && renewed.machineID != one.machineID && renewed.hostKey != one.hostKey)
            #expect(try await place.status().map(\.sshPort) == ports)
            #expect(try await place.identity("n2") == two)
            let report = try await place.fleet("report")
            #expect(report.stdout.contains("Golden image") && report.stdout.contains("n2: create done"))
            #expect(report.stdout.contains("CUDA works in it (the GPU is simulated):"), "\(report.stdout)")
            try await place.end()
            #expect(try await place.bench.imageDigest() == before)
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(90)))
        func eightGuestsOnOneGoldenImage() async throws {
            let place = try Place(guests: 8)
            for words in ["Prove the result", "n1: Wait for the guest", "n5: Start the VM"] {
                let killed = try await place.fleet("apply", ["--jobs", "2"], killWhen: Self.at(words))
                #expect(killed.exitCode == nil, "\(words) never came: \(killed.stderr)")
                #expect(try place.bench.livingMachines().count <= 8)
            }
            let applied = try await place.fleet("apply", ["--jobs", "2"])
            #expect(applied.exitCode == 0, "\(applied.stderr)")
            #expect(place.goldens.count == 2, "one golden image: \(place.goldens)")
            let guests = try await place.status()
            #expect(guests.map(\.state) == Array(repeating: "running", count: 8))
            #expect(Set(guests.compactMap(\.sshPort)).count == 8)
            #expect(try place.bench.livingMachines().count == 8)
            var identities: [Identity] = []
            for guest in guests { identities.append(try await place.identity(guest.name)) }
            #expect(Set(identities.map(\.machineID)).count == 8 && Set(identities.map(\.hostKey)).count == 8)
            let reimaged = try await place.fleet("reimage", ["--jobs", "2", "--only", "n1,n3,n5"])
            #expect(reimaged.exitCode == 0, "\(reimaged.stderr)")
            #expect(try await place.plan().guests.allSatisfy { $0.action == "none" })
            try await place.end()
        }
    }
}
