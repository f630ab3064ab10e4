import Fleet
import Foundation
import Testing

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
}
