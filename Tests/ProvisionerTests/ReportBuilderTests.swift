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
