import FoundationEssentials
import Host
import HostFakes
import Testing

@testable import Passthrough

@Suite struct DoctorTests {
    static func report(_ tree: TableTree, memory: Int64 = 4 << 30, gpus: [String] = []) async -> DoctorReport {
        await DoctorReport.of(tree, DoctorRequest(memory: memory, gpus: gpus.compactMap { PCIAddress($0) }))
    }

    @Test func aHostInOrder() async {
        let report = await Self.report(.good)
        #expect(report.findings.filter { $0.verdict != .ok }.map(\.id) == [])
        #expect(report.findings.count >= 25)
        #expect(!report.blocked)
        #expect(report.gpus == [PCIAddress("41:00.0")])
        #expect(report.kernel == "6.1.0-26-amd64")
    }

    @Test(arguments: iommu + modules + machine + cards)
    func oneThingChanged(_ example: HostCase) async throws {
        var tree = TableTree.good
        example.change(&tree)
        let report = await Self.report(tree)
        let finding = try #require(
            report.findings.first { $0.id == example.id && $0.verdict == example.verdict }
                ?? report.findings.first { $0.id == example.id })
        #expect(finding.verdict == example.verdict, "\(finding)")
        #expect((finding.message + finding.seen.joined()).contains(example.says), "\(finding)")
        #expect(!finding.lookedAt.isEmpty)
        // Whatever is wrong has a cure.
        #expect(finding.verdict == .ok || finding.verdict == .unknown || finding.remedy != nil, "\(finding)")
    }

    @Test func addressesOfADomain() throws {
        #expect(LibvirtDomain.passedAddresses(Self.domain) == [try #require(PCIAddress("41:00.1"))])
        #expect(LibvirtDomain.passedAddresses("<hostdev><source><address bus='0xZZ'") == [])
    }

    /// What is missing in a copied tree may have been there: no such tree is called good or bad for it.
    @Test func aTreeOfNothing() async {
        let report = await Self.report(TableTree())
        for finding in report.findings where finding.verdict != .unknown {
            // The configuration folders may be empty on any host.
            #expect(finding.verdict == .ok && finding.subject == .modules, "\(finding)")
        }
    }

    /// Each file of a good host lost, one after the other, from a copy that is no machine: never a block, never a crash.
    @Test func incompleteCopies() async {
        var copy = TableTree.good
        copy.answers = [:]
        for path in copy.files.keys.sorted() where !path.hasSuffix("/vendor") && !path.hasSuffix("/tables/DMAR") {
            var tree = copy
            tree.files[path] = nil
            let report = await Self.report(tree)
            let blocking = report.findings.filter { $0.verdict == .blocks }
            #expect(blocking.isEmpty, "without \(path): \(blocking)")
        }
        var linkless = copy
        linkless.links = [:]
        #expect(!(await Self.report(linkless)).blocked)
    }

    @Test func probesOfACopyAreUnknown() async {
        var copy = TableTree.good
        copy.answers = [:]
        let report = await Self.report(copy)
        for id in ["kvm.usable", "memory.lock", "qemu.version", "rights.vfio"] {
            #expect(report.findings.first { $0.id == id }?.verdict == .unknown, "\(id)")
        }
    }

    @Test func aMissingGPU() async {
        let report = await Self.report(.good, gpus: ["99:00.0"])
        #expect(report.findings.first { $0.id == "gpu.present" }?.verdict == .blocks)
    }

    @Test func jsonComesBack() async throws {
        let report = await Self.report(.good)
        let data = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(DoctorReport.self, from: data) == report)
    }
}
