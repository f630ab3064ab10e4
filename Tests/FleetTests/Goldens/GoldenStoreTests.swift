import Contract
import Foundation
import Provisioner
import Testing

@testable import Fleet

struct GoldenStoreTests {
    private static func withStore(_ body: (FleetPlace, GoldenStore) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "golden-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let place = FleetPlace(state: folder)
        try FileManager.default.createDirectory(atPath: place.goldenFolder, withIntermediateDirectories: true)
        try body(place, GoldenStore(place))
    }

    private static func digest(_ letter: Character) -> String { String(repeating: letter, count: 64) }

    @Test func oneIsWholeOnceItsSheetIsThere() throws {
        try Self.withStore { place, store in
            let folder = place.goldenFolder
            for name in [
                "\(Self.digest("a")).qcow2", "\(Self.digest("b")).qcow2", "\(Self.digest("b")).json", "c.json",
            ] {
                try Data("x".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
            }
            try Data("x".utf8).write(to: URL(filePath: "\(folder)/\(Self.digest("d")).json"))
            #expect(store.whole() == [Self.digest("b")])
            #expect(store.path(Self.digest("b")) == "\(folder)/\(Self.digest("b")).qcow2")
        }
    }

    @Test func whatNobodyUsesGoesAndNothingElse() throws {
        try Self.withStore { place, store in
            let folder = place.goldenFolder
            let (used, unused) = (Self.digest("a"), Self.digest("b"))
            let names = [
                "\(used).qcow2", "\(used).json", ".\(used).qcow2.12345678.partial", "\(unused).qcow2",
                "\(unused).json", ".\(unused).qcow2.12345678.partial", "notes.txt",
            ]
            for name in names { try Data("x".utf8).write(to: URL(filePath: "\(folder)/\(name)")) }
            #expect(store.collect(keeping: [used]) == [unused])
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(
                Set(left) == ["\(used).qcow2", "\(used).json", ".\(used).qcow2.12345678.partial", "notes.txt"])
            #expect(store.collect(keeping: [used]).isEmpty)
        }
    }

    private static let report = Report(
        outcome: .provisioned, simulated: true, runID: "r", startedAt: 1, finishedAt: 2,
        host: HostSection(kernel: "6", architecture: "x86_64", qemu: "7", accelerator: "tcg", acceleratorReason: ""),
        image: ImageSection(
            path: "/i", format: "qcow2", virtualSize: 1, result: nil, resultSize: nil, backing: nil),
        vm: VMSection(
            machine: "q35", firmware: "bios", cpus: 1, memoryBytes: 1, diskBus: "virtio", nic: "virtio",
            hypervisorHidden: false, arguments: []),
        guest: nil, steps: [], boots: [], gpus: [], driver: nil, probe: nil, toolkits: [], nvbandwidth: nil,
        proofBoot: nil, warnings: [], failures: [], runFolder: "/r")

    @Test func aSheetSaysWhatGuestsAreToProve() throws {
        try Self.withStore { place, store in
            let digest = Self.digest("a")
            try Data("x".utf8).write(to: URL(filePath: store.path(digest)))
            let recipe = Recipe(gpus: [.simulated], driver: DriverRecipe(version: "470.256.02", sha256: "d"))
            try store.keep(digest, report: Self.report, hidesHypervisor: true, recipe: recipe, at: 3)
            let sheet = try #require(store.sheet(digest))
            #expect(sheet.recipe == recipe && sheet.hidesHypervisor && store.whole() == [digest])
            var settings = GuestSettings()
            #expect(settings.proof(sheet, with: .simulated) == recipe)
            #expect(settings.proof(sheet, with: .none) == nil)
            settings.prove = false
            #expect(settings.proof(sheet, with: .simulated) == nil)
            // As versions wrote it that did not ask guests.
            let path = "\(place.goldenFolder)/\(digest).json"
            var old = try #require(
                JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [String: Any])
            #expect(old.removeValue(forKey: "recipe") != nil)
            try JSONSerialization.data(withJSONObject: old).write(to: URL(filePath: path))
            let earlier = try #require(store.sheet(digest))
            #expect(GuestSettings().proof(earlier, with: .simulated) == nil)
        }
    }
}
