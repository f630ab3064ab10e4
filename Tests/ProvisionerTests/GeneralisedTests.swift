import Contract
import FoundationEssentials
import SecureShell
import Testing

@testable import Provisioner

@Suite struct GeneralisedTests {
    private static let (one, two) = (
        String(repeating: "0123456789abcdef", count: 2), String(repeating: "fedcba9876543210", count: 2)
    )

    private static func key(_ name: String) -> HostKeyPin {
        HostKeyPin(type: "ssh-ed25519", base64: name, fingerprint: "SHA256:\(name)")
    }

    @Test(
        arguments: [
            (one + "\n", one), (one, one), ("", nil), ("\n", nil), ("uninitialized\n", nil), (one + "0\n", nil),
            (one + "\n\n", nil), ("../../../../../../../etc/passwd0", nil), (String(repeating: "é", count: 16), nil),
        ] as [(String, String?)])
    func machineIDs(_ text: String, _ id: String?) { #expect(GuestMarks.machineID(text) == id) }

    @Test(
        arguments: [
            // The new key and id, and how many of them are of before.
            ("c", two, 0), ("a", two, 1), ("b", two, 1), ("c", one, 1), ("c", nil, 1), ("a", nil, 2),
        ] as [(String, String?, Int)])
    func anotherMachineIsAnotherInAll(_ key: String, _ id: String?, _ same: Int) throws {
        let former = [
            GuestMarks(hostKey: Self.key("a"), machineID: Self.one),
            // Of a boot in the middle of the sealing.
            GuestMarks(hostKey: Self.key("b"), machineID: nil),
        ]
        var verdict = ProofVerdict(passed: true, evidence: ["nvidia-smi works"], failure: nil)
        verdict.judge(GuestMarks(hostKey: Self.key(key), machineID: id), former: former)
        #expect(verdict.passed == (same == 0))
        #expect(verdict.failure?.code == (same == 0 ? nil : .proofBoot))
        #expect(verdict.evidence.count == 1 + (same == 0 ? 2 : same))
        if same == 0 { #expect(verdict.evidence[1].hasSuffix("new SSH host key SHA256:c")) }
    }

    /// A proof that failed otherwise keeps its reason.
    @Test func theFirstReasonStays() {
        let failure = Failure(.driverLoad, operation: "o", message: "m", remedy: "r", side: .guest)
        var verdict = ProofVerdict(passed: false, evidence: [], failure: failure)
        verdict.judge(GuestMarks(hostKey: Self.key("a"), machineID: nil), former: [])
        #expect(verdict.failure == failure && verdict.evidence.count == 1)
    }

    @Test func recordsOfEarlierVersions() throws {
        let old = try JSONEncoder().encode(JobContents())
        #expect(!String(decoding: old, as: UTF8.self).contains("generalise"))
        #expect(try JSONDecoder().decode(JobContents.self, from: old).generalise == false)
        var contents = JobContents()
        contents.generalise = true
        #expect(try JSONDecoder().decode(JobContents.self, from: JSONEncoder().encode(contents)).generalise)
        contents.generalise = false
        #expect(contents == JobContents())
    }

    @Test func isAnotherWork() {
        let record = Samples.record()
        var job = record.job
        job.contents.generalise = true
        #expect(!record.isSameWork(as: Samples.prepared(job), of: job))
        #expect(!record.isSameCommand(as: job))
    }

    @Test func notTogetherWithAnUndo() {
        var contents = JobContents()
        contents.generalise = true
        // What is to be installed is missing, too.
        #expect(contents.problems().count == 1)
        contents.driver = "/r/driver.run"
        #expect(contents.problems() == [])
        contents.undo = UndoRecipe(packages: false)
        #expect(contents.problems().map(\.remedy) == ["Leave --generalise out."])
    }
}
