import Contract
import FoundationEssentials
import Testing

@testable import Provisioner

@Suite struct ReportBuilderTests {
    private func report(_ events: [Event], failures: [Failure] = []) -> Report {
        ReportBuilder(
            record: Samples.record(), journal: Samples.journal(events), failures: failures, finishedAt: 1100,
            hostKernel: "6.1", folder: "/runs/x"
        ).report()
    }

    @Test func stepsCarryReasonEvidenceAndTime() throws {
        let report = report([
            .planAccepted(Plan(runID: "r", recipe: Samples.recipe, payloads: [])), .inspected(Samples.facts),
            .stepVerified(.inspect, evidence: ["debian 12"]), .stepStarted(.unloadNouveau, reason: "nouveau is bound"),
            .rebootRequested(.unloadNouveau, reason: "busy"), .agentStarted(version: "0.1.0"),
            .stepVerified(.unloadNouveau, evidence: ["gone"]), .stepSatisfied(.driver, evidence: ["470.256.02"]),
            .warning(nil, message: "mind\u{1b}[31m this"), .finished(succeeded: true),
        ])
        #expect(report.simulated)
        #expect(report.steps.map(\.id) == [.inspect, .unloadNouveau, .driver])
        #expect(report.steps[1].reboots == 1)
        #expect(report.steps[1].reason == "nouveau is bound")
        #expect(report.steps[1].evidence == ["gone"])
        #expect(report.steps[1].durationSeconds == 4, "from the record before its first to its last")
        #expect(report.steps[2].outcome == .satisfied)
        #expect(report.warnings == ["mind this"], "escape sequences of a guest never reach a terminal")
        #expect(report.durationSeconds == 100)
    }

    /// Some steps are looked at again after a reboot.
    @Test func whatWasAppliedStaysApplied() {
        let report = report([
            .stepStarted(.driver, reason: "missing"), .stepVerified(.driver, evidence: ["a"]),
            .agentStarted(version: "0.1.0"), .stepSatisfied(.driver, evidence: ["b"]),
        ])
        #expect(report.steps.map(\.outcome) == [.applied])
        #expect(report.steps[0].evidence == ["b"])
    }

    @Test func aFailureDecidesTheOutcome() {
        let failure = Failure(.driverBuild, operation: "o", message: "m", evidence: ["e"], remedy: "r", side: .guest)
        let report = report(
            [.stepStarted(.driver, reason: "x"), .stepFailed(.driver, failure), .finished(succeeded: false)],
            failures: [failure])
        #expect(report.outcome == .failed)
        #expect(report.steps[0].outcome == .failed)
        #expect(report.steps[0].evidence == ["e"])
        #expect(report.failures == [failure])
    }

    /// A proof that is made afresh on each run is no change: a provisioned image must be recognised as such.
    @Test func proofsAreNoChange() {
        let proofs: [Event] = [
            .stepSatisfied(.driver, evidence: ["there"]), .stepVerified(.proveDriver, evidence: ["nvidia-smi answers"]),
        ]
        #expect(!JournalFold(Samples.journal(proofs)).changed)
        #expect(JournalFold(Samples.journal(proofs + [.stepStarted(.environment, reason: "x")])).changed)
    }

    @Test func readingsBecomeSections() throws {
        let bandwidth = try seedOutput("bandwidthTest.txt")
        let query = try seedOutput("deviceQuery-truncated.txt")
        let report = report([
            .stepStarted(.cudaToolkit, reason: "x"), .stepVerified(.cudaToolkit, evidence: []),
            .output(
                .proveCUDA, ToolOutput(name: "device-query", source: "q", exitStatus: 0, text: query, truncated: false)),
            .output(
                .proveCUDA,
                ToolOutput(name: "bandwidth-test", source: "b", exitStatus: 0, text: bandwidth, truncated: false)),
        ])
        let cuda = try #require(report.cuda)
        #expect(cuda.devices == 1)
        #expect(cuda.bandwidthTestPassed == true)
        #expect(cuda.runtimeVersion == "9.1")
        #expect((cuda.hostToDeviceBytesPerSecond ?? 0) > 9.7e9)
    }

    /// Two toolkits, each with a proof of its own under the same name.
    @Test func eachToolkitHasItsOwnProof() throws {
        var recipe = Samples.recipe
        recipe.toolkits.append(
            CUDARecipe(
                version: "9.1.85", sha256: "c2", toolkitPath: "/usr/local/cuda-9.1", samples: true,
                patches: [PayloadIdentity(fileName: "cuda_9.1.85.1_linux", sha256: "p1")]))
        recipe.driver?.persistenceDaemon = true
        recipe.telemetry = TelemetryRecipe(intervalSeconds: 5)
        var record = Samples.record()
        record.prepared.recipe = recipe
        let second = recipe.toolkits[1]
        func output(_ text: String) -> ToolOutput {
            ToolOutput(name: "nvcc-version", source: "nvcc", exitStatus: 0, text: text, truncated: false)
        }
        let report = ReportBuilder(
            record: record,
            journal: Samples.journal([
                .stepVerified(.driver, evidence: []), .stepFailed(.persistenceDaemon, Self.failure),
                .stepVerified(
                    .proveDriver,
                    evidence: ["bound", "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.14"]),
                .stepVerified(.cudaToolkit, evidence: []), .output(.cudaToolkit, output("first")),
                .stepVerified(StepID.cudaToolkit.of(second, in: recipe), evidence: []),
                .output(StepID.cudaToolkit.of(second, in: recipe), output("second")),
                .stepVerified(.telemetry, evidence: []),
            ]), failures: [], finishedAt: 1100, hostKernel: "6.1", folder: "/runs/x"
        ).report()
        #expect(report.schema == 3)
        #expect(report.toolkits.map(\.nvcc) == ["first", "second"])
        #expect(report.toolkits[1].patches == ["cuda_9.1.85.1_linux"])
        #expect(report.cuda == report.toolkits[0])
        #expect(report.driver?.kernelModules == "open")
        #expect(report.driver?.persistenceDaemon == false)
        #expect(
            report.telemetry
                == TelemetrySection(unit: "gpu-guest-agent-telemetry.service", intervalSeconds: 5, enabled: true))
    }

    @Test func theProbeSpeaksForEveryDevice() throws {
        let text = """
            {"gpu_probe": 1, "result": "pass", "driver_api_version": "12.4", "device_count": 1, "devices": [
              {"ordinal": 0, "name": "NVIDIA H100", "uuid": "GPU-1", "compute_capability": "9.0", "clock_khz": 1980000,
               "copies": [
                 {"kind": "host-to-device", "bytes": 1048576, "gigabytes_per_second": 50.5, "verified": true},
                 {"kind": "device-to-host", "bytes": 1048576, "gigabytes_per_second": 51, "verified": false}]}],
             "errors": []}
            """
        let report = report([
            .output(
                .gpuProbe, ToolOutput(name: "gpu-probe", source: "p", exitStatus: 0, text: text, truncated: false))
        ])
        let probe = try #require(report.probe)
        #expect(probe.passed == true)
        let device = try #require(probe.devices.first)
        #expect(device.computeCapability == "9.0")
        #expect(device.clockMHz == 1980)
        #expect(device.hostToDeviceBytesPerSecond == 50.5e9)
        #expect(device.verified == false, "one of two copies arrived damaged")
    }

    private static let failure = Failure(.driverProof, operation: "o", message: "m", remedy: "r", side: .guest)

    /// A report of schema 1 had one toolkit.
    @Test func theReportOfTheFirstVersionIsRead() throws {
        var old = report([.stepVerified(.cudaToolkit, evidence: [])])
        #expect(old.toolkits.count == 1)
        old.schema = 1
        var object = try #require(
            try JSONDecoder().decode([String: JSONValue].self, from: JSON.pretty(old)) as [String: JSONValue]?)
        object["toolkits"] = nil
        let read = try JSONDecoder().decode(Report.self, from: JSON.pretty(object))
        #expect(read.toolkits.map(\.version) == ["11.4.4"])
    }

    @Test func survivesJSON() throws {
        let report = report([.inspected(Samples.facts), .stepVerified(.inspect, evidence: ["é"])])
        #expect(try JSONDecoder().decode(Report.self, from: JSON.pretty(report)) == report)
    }

    private func seedOutput(_ name: String) throws -> String {
        let package = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        let data = try #require(FileManager.default.contents(atPath: "\(package)/Fixtures/seed-outputs/\(name)"))
        return String(decoding: data, as: UTF8.self)
    }
}
