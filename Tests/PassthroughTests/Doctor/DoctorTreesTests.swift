import FoundationEssentials
import Host
import HostFakes
import Testing

@testable import Passthrough

@Suite struct DoctorTreesTests {
    static let trees = FolderTree(root: fixtures + "/hosts").list("").filter {
        FolderTree(root: fixtures + "/hosts").exists("/\($0)/golden-gpus.txt")
    }

    @Test func thereAreTrees() {
        #expect(Self.trees.count >= 10)
    }

    /// What is said of each recorded kind of host, as text and as JSON.
    @Test(arguments: trees)
    func asRecorded(name: String) async throws {
        let report = await DoctorReport.of(
            FolderTree(root: "\(fixtures)/hosts/\(name)"), DoctorRequest(memory: 4 << 30))
        #expect(report.text.split(separator: "\n").allSatisfy { $0.count <= 80 })
        try expectGolden("doctor/\(name).txt", report.text + "\n")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try expectGolden(
            "doctor/\(name).json", String(decoding: try encoder.encode(report), as: UTF8.self) + "\n")
    }
}
