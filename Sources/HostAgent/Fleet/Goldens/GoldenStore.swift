public import Contract
import FoundationEssentials
import Glibc
import Host

/// Golden images, by their recipes' digests. One is whole once its sheet is beside it: the sheet is written last.
public struct GoldenStore: Sendable {
    /// What lies beside an image: DIGEST.json.
    public struct Sheet: Codable, Equatable, Sendable {
        public var digest: String
        /// How it was made, and the proof of it.
        public var report: Report
        /// Seconds since 1970.
        public var madeAt: Double
        /// Whether the VM that it was proven in hid its hypervisor.
        public var hidesHypervisor: Bool
        /// What is in it, for guests to prove; nil in sheets of versions that did not ask them.
        public var recipe: Recipe?
    }

    private let folder: String

    public init(_ place: FleetPlace) {
        folder = place.goldenFolder
    }

    /// The image of a digest, there or not.
    public func path(_ digest: String) -> String { "\(folder)/\(digest).qcow2" }

    private func sheetPath(_ digest: String) -> String { "\(folder)/\(digest).json" }

    /// Those that are whole.
    public func whole() -> Set<String> {
        let names = Set((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        return Set(
            names.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.filter {
                Self.isDigest($0) && names.contains("\($0).qcow2")
            })
    }

    /// The sheet of a whole one; nil where there is none that can be understood.
    public func sheet(_ digest: String) -> Sheet? {
        FileManager.default.contents(atPath: sheetPath(digest)).flatMap {
            try? JSONDecoder().decode(Sheet.self, from: $0)
        }
    }

    /// Makes what a build published a golden image: read-only, and its sheet beside it. Throws a ``Failure``.
    public func keep(
        _ digest: String, report: Report, hidesHypervisor: Bool, recipe: Recipe?, at time: Double
    ) throws {
        do {
            guard chmod(path(digest), 0o444) == 0 else { throw CocoaError(.fileWriteNoPermission) }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let sheet = Sheet(
                digest: digest, report: report, madeAt: time, hidesHypervisor: hidesHypervisor, recipe: recipe)
            try replaceFile(sheetPath(digest), with: try encoder.encode(sheet))
        } catch {
            throw Failure(
                .hostSpace, operation: "keep the golden image",
                message: "\(sheetPath(digest)) cannot be written: \(error)",
                remedy: "Look at the folder's owner and at the free space.", side: .host)
        }
    }

    /// Removes images that nobody stands on or wants, and what cut-off builds of such left. Returns the images' digests.
    /// The caller holds the fleets' lock.
    public func collect(keeping: Set<String>) -> [String] {
        var removed: Set<String> = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            // DIGEST.qcow2, DIGEST.json, and .DIGEST.qcow2.RUN.partial of a build.
            let digest = String(name.drop { $0 == "." }.prefix { $0 != "." })
            guard Self.isDigest(digest), !keeping.contains(digest) else { continue }
            // The sheet first: without it the image counts for nothing, wherever this is cut off.
            if name.hasSuffix(".qcow2") { unlink(sheetPath(digest)) }
            if unlink("\(folder)/\(name)") == 0, !name.hasPrefix(".") { removed.insert(digest) }
        }
        return removed.sorted()
    }

    private static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    }
}
