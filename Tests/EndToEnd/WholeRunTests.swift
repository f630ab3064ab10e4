import Contract
import FoundationEssentials
import Testing

extension EndToEnd {
    /// The main job, and the same job on its result: one whole provisioning run in a real VM.
    @Suite(.serialized) struct WholeRun {
        @Test(.enabled(if: Lane.quick, Lane.quickHint), .timeLimit(.minutes(30)))
        func imageBecomesAMachineInWhichCUDAWorks() async throws {
            let bench = try Bench()
            let before = try await bench.imageDigest()
            let outcome = try await bench.provision(Self.job)
            try #require(outcome.exitCode == 0)
            let report = try outcome.report
            print("  whole run: \(Int(report.durationSeconds)) s, boots \(report.boots.map { $0.secondsToSSH ?? -1 })")

            #expect(report.outcome == .provisioned)
            #expect(report.simulated)
            #expect(report.image.result == bench.result)
            let steps: [StepID] = [
                .inspect, .prerequisites, .blacklistNouveau, .initramfs, .unloadNouveau, .driver, .proveDriver,
                .gpuProbe, .cudaToolkit, .environment, .proveCUDA, .telemetry,
            ]
            #expect(report.steps.map(\.id) == steps)
            for step in report.steps {
                #expect(step.outcome == .applied || step.outcome == .satisfied, "\(step.id)")
                #expect(!step.evidence.isEmpty, "\(step.id) has no evidence")
            }
            let gpu = try #require(report.gpus.first)
            #expect(gpu.name == "GeForce GTX 1050 Ti" || gpu.name == "NVIDIA GeForce GTX 1050 Ti")
            #expect(gpu.driverVersion == "470.256.02")
            #expect(gpu.temperatureCelsius == 32)
            #expect(gpu.memoryTotalBytes == 4040 << 20)
            #expect(gpu.computeCapability == "6.1")
            let cuda = try #require(report.cuda)
            #expect(cuda.deviceQueryPassed == true)
            #expect(cuda.bandwidthTestPassed == true)
            #expect((cuda.hostToDeviceBytesPerSecond ?? 0) > 9e9)
            let proof = try #require(report.proofBoot)
            #expect(proof.passed)
            #expect(proof.evidence.contains { $0.contains("nvidia") })
            // One boot provisions (nouveau unloads when asked), one proves.
            #expect(report.boots.count == 2)
            #expect(FileManager.default.fileExists(atPath: "\(report.runFolder)/outputs/prove-driver.nvidia-smi.txt"))

            #expect(try await bench.imageDigest() == before)
            #expect(try bench.livingMachines().isEmpty)
            #expect(try bench.leftovers().isEmpty)

            try await sameCommandAgain(bench, report)
            try await resultNeedsNothing(bench)
            try await HostTelemetryCheck(bench: bench).run()
        }

        private static let job = [
            "--driver", Lane.driver("470.256.02"), "--cuda", Lane.cuda114, "--telemetry",
        ]

        private func sameCommandAgain(_ bench: Bench, _ first: Report) async throws {
            let again = try await bench.provision(Self.job)
            #expect(again.exitCode == 0)
            #expect(again.stderr.contains("Nothing to do"))
            #expect(try again.report == first)
        }

        /// A second run, on the provisioned image: it does nothing and says so.
        private func resultNeedsNothing(_ bench: Bench) async throws {
            let second = try Bench(image: bench.result)
            let before = try await second.imageDigest()
            let outcome = try await second.provision(Self.job)
            #expect(outcome.exitCode == 0)
            let report = try outcome.report
            #expect(report.outcome == .unchanged)
            #expect(report.image.result == nil)
            #expect(!FileManager.default.fileExists(atPath: second.result))
            for step in report.steps where ![.inspect, .proveDriver, .gpuProbe, .proveCUDA].contains(step.id) {
                #expect(step.outcome == .satisfied, "\(step.id)")
            }
            #expect(try await second.imageDigest() == before)
            #expect(try second.livingMachines().isEmpty)
            #expect(try second.leftovers().isEmpty)
        }
    }
}
