import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

extension EndToEnd {
    /// The host's commands against a real kernel with real VFIO, in a VM that has an IOMMU and spare devices.
    /// What is asked of each step stands in Fixtures/passthrough-lane; here: that each was there, and passed.
    @Suite(.serialized) struct PassthroughLane {
        @Test(.enabled(if: Lane.quick, Lane.quickHint), .timeLimit(.minutes(50)))
        func quickHalf() async throws {
            let lane = try await LaneRun([])
            lane.expectPassed([
                "the outer VM has its devices, each in its group",
                "doctor looks at a real host",
                "doctor's recording is read back",
                "gpus finds no NVIDIA GPU here and says so",
                "bind refuses what is no NVIDIA GPU, unless told",
                "bind takes one function alone from its driver",
                "bind of a card that is bound already changes nothing",
                "release gives it back",
                "release of what is not claimed changes nothing",
                "bind takes all functions of a card, by the second one's name too",
                "a shared group is refused, and its stranger is named",
                "a card that was on vfio-pci stays there",
                "a card whose /dev/vfio node is held is not taken away",
                "killed after any write of bind, release puts the card back",
                "killed after any write of bind, the next bind goes on, and release puts the card back",
                "killed after any write of release, the next release puts the card back",
                "the next run, for whatever card, restores what a killed one left",
                "no other device was touched",
            ])
            try lane.expectFindings()
        }

        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(90)))
        func innerMachine() async throws {
            let lane = try await LaneRun(["--full-only"])
            lane.expectPassed([
                "start boots an inner VM that holds the device",
                "the inner VM lists the device as NVIDIA's",
                "stop ends it, and the device goes back to its driver",
            ])
        }
    }
}

/// One run of Scripts/passthrough-lane, with what the tool printed in it.
private final class LaneRun {
    let status: TerminationStatus
    let protocolText: TestAnythingProtocol
    let evidence: String

    init(_ options: [String]) async throws {
        evidence = "\(FileManager.default.temporaryDirectory.path)/passthrough-lane-\(UUID().uuidString.prefix(8))"
        let result = try await Subprocess.run(
            .path(FilePath("\(Lane.package)/Scripts/passthrough-lane")),
            arguments: Arguments(["--tool", "\(Lane.bin)/provision-gpu-vm", "--evidence", evidence] + options),
            input: .none, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        status = result.terminationStatus
        protocolText = TestAnythingProtocol(result.standardOutput)
        print(result.standardOutput, result.standardError)
    }

    deinit { try? FileManager.default.removeItem(atPath: evidence) }

    /// Exactly these steps, in this order, each passed, and the run said itself that it was through.
    func expectPassed(_ names: [String]) {
        for step in protocolText.steps where !step.passed {
            Issue.record("\(step.name)\n\(step.missed.joined(separator: "\n"))")
        }
        #expect(protocolText.steps.map(\.name) == names)
        #expect(protocolText.planned == names.count)
        #expect(status.isSuccess)
    }

    /// What doctor told of the outer VM as JSON.
    func expectFindings() throws {
        struct Report: Decodable {
            struct Finding: Decodable {
                var id: String
                var verdict: String
                var lookedAt: [String]
                var remedy: String?
            }
            var kernel: String?
            var findings: [Finding]
        }
        let file = "\(evidence)/001-doctor.stdout"
        let report = try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(filePath: file)))
        #expect(report.kernel?.hasSuffix("-amd64") == true)
        for id in ["iommu.firmware", "iommu.active"] {
            #expect(report.findings.first { $0.id == id }?.verdict == "ok", "\(id)")
        }
        for finding in report.findings {
            #expect(!finding.lookedAt.isEmpty, "\(finding.id)")
            #expect(finding.verdict != "blocks" || finding.remedy != nil, "\(finding.id)")
        }
    }
}
