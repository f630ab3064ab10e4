import Contract
import FoundationEssentials
import Glibc
import Synchronization
import Testing

extension EndToEnd {
    /// The agent killed, or the power cut, after a record of the journal: the end is that of an undisturbed run.
    @Suite(.serialized) struct Interruptions {
        private static let arguments = ["--driver", Lane.driver("470.256.02"), "--cuda", Lane.cuda114]

        /// What an undisturbed run leaves, made once for the tests here.
        private static let undisturbed = Task {
            let bench = try Bench()
            let outcome = try await bench.provision(arguments + ["--skip-proof-boot"])
            try #require(outcome.exitCode == 0)
            return try await ImageContents(of: bench.result, in: bench.folder)
        }

        private func endsAsUndisturbed(_ bench: Bench) async throws {
            let mine = try await ImageContents(of: bench.result, in: bench.folder)
            let differences = mine.differences(from: try await Self.undisturbed.value, except: Self.differsAnyway)
            #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
            #expect(try bench.livingMachines().isEmpty)
            #expect(try bench.leftovers().isEmpty)
        }

        /// Two undisturbed runs differ in these, too.
        private static func differsAnyway(_ path: String) -> Bool {
            ImageContents.isMadeAtFirstBoot(path)
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(60)))
        func agentKilledAfterRecords() async throws {
            _ = try await Self.undisturbed.value
            let bench = try Bench()
            let killer = Mutex<GuestKiller?>(nil)
            let outcome = try await bench.provision(Self.arguments) { line in
                if line.contains("SSH answers") {
                    killer.withLock { $0 = $0 ?? GuestKiller(bench) }
                }
                return false
            }
            let places = try await killer.withLock { $0 }?.places ?? []
            print("  agent killed after \(places.count) records: \(places.joined(separator: ", "))")
            try #require(outcome.exitCode == 0)
            #expect(places.count >= 6)
            // A step of milliseconds may be over before the kill lands; these are not.
            for step: StepID in [.blacklistNouveau, .initramfs, .driver, .cudaToolkit, .proveCUDA] {
                #expect(places.contains { $0.hasSuffix(" \(step)") }, "not killed in \(step)")
            }
            #expect(try outcome.report.proofBoot?.passed == true)
            try await endsAsUndisturbed(bench)
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(60)))
        func powerCutAfterRecords() async throws {
            _ = try await Self.undisturbed.value
            let bench = try Bench()
            let before = try await bench.imageDigest()
            // The tool prints a record once it has it on disk. One run, its power cut at each of these in turn.
            let steps: [StepID] = [
                .blacklistNouveau, .initramfs, .driver, .cudaToolkit, .environment, .proveCUDA,
            ]
            var cuts: [StepID] = []
            for step in steps {
                let machines = Mutex<[Int32]>([])
                let outcome = try await bench.provision(Self.arguments) { line in
                    guard line.contains(" \(step): ") else { return false }
                    machines.withLock { killed in
                        guard killed.isEmpty else { return }
                        killed = ((try? bench.livingMachines()) ?? []).compactMap { Int32($0) }
                        for pid in killed { kill(pid, SIGKILL) }
                    }
                    return false
                }
                guard !machines.withLock({ $0 }).isEmpty else {
                    Issue.record("\(step) was not reached: \(outcome.stderr)")
                    continue
                }
                cuts.append(step)
                #expect(outcome.exitCode != 0)
                #expect(outcome.stderr.contains("the same command goes on"))
            }
            print("  power cut after \(cuts)")
            #expect(cuts.count >= 6)
            let outcome = try await bench.provision(Self.arguments)
            try #require(outcome.exitCode == 0)
            let report = try outcome.report
            #expect(report.proofBoot?.passed == true)
            #expect(Set(report.steps.map(\.id)).count == report.steps.count)
            #expect(try await bench.imageDigest() == before)
            try await endsAsUndisturbed(bench)
        }
    }
}
