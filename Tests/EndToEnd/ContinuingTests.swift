import Contract
import FoundationEssentials
import Synchronization
import Testing

extension EndToEnd {
    /// The tool killed at any moment, the same command run again: it ends as if nothing had happened.
    @Suite(.serialized) struct Continuing {
        /// Lines of stderr at which the tool is killed, each in an invocation of its own, in the order of a run.
        private static let places = [
            "== Prepare the disk", "== Boot the guest", "SSH answers", "prerequisites:", "initramfs:", "driver:",
            "cuda-toolkit:", "== Switch the guest off", "== Prove the result", "== Publish the result",
        ]

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(45)))
        func killedAtEveryPlace() async throws {
            let bench = try Bench()
            let before = try await bench.imageDigest()
            let arguments = ["--driver", Lane.driver("470.256.02"), "--cuda", Lane.cuda114]
            var kills = 0
            for place in Self.places {
                let outcome = try await bench.provision(arguments) { $0.contains(place) }
                if outcome.exitCode == nil {
                    kills += 1
                } else {
                    // A run that another process follows too late shows the line no more; it must have gone on by itself.
                    #expect(outcome.exitCode == 0, "\(place): \(outcome.stderr)")
                }
            }
            print("  killed \(kills) times")
            #expect(kills >= 5)
            let outcome = try await bench.provision(arguments)
            try #require(outcome.exitCode == 0)
            let report = try outcome.report
            #expect(report.outcome == .provisioned)
            #expect(report.proofBoot?.passed == true)
            // Nothing was done twice: each step once, and no boot but the first and the proof.
            #expect(Set(report.steps.map(\.id)).count == report.steps.count)
            #expect(report.boots.filter { $0.reason == "first boot" }.count == 1)
            #expect(try await bench.imageDigest() == before)
            #expect(try bench.livingMachines().isEmpty)
            #expect(try bench.leftovers().isEmpty)
        }
    }
}
