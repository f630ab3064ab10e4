import Foundation

/// Where the texts of the tests are.
enum Fixtures {
    static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What the tools printed in the case that the project began with.
    static func seed(_ name: String) throws -> String {
        try String(contentsOf: package.appending(path: "Fixtures/seed-outputs/\(name)"), encoding: .utf8)
    }

    /// A file below Fixtures.
    static func text(_ path: String) throws -> String {
        try String(contentsOf: package.appending(path: "Fixtures/\(path)"), encoding: .utf8)
    }

    /// The recordings of many machines, which are not part of the project: beside it, or where GPU_CORPUS says.
    static let corpus: URL? = {
        let places = [
            ProcessInfo.processInfo.environment["GPU_CORPUS"].map { URL(filePath: $0) },
            package.appending(path: "../shared/corpus"),
        ]
        return places.compactMap { $0?.standardizedFileURL }.first {
            FileManager.default.fileExists(atPath: $0.appending(path: "INDEX.tsv").path)
        }
    }()

    /// The recordings of one kind, by name. Empty where there is no corpus.
    static func recordings(_ kind: String) throws -> [(name: String, bytes: [UInt8])] {
        guard let corpus else { return [] }
        let folder = corpus.appending(path: kind)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
            ($0, Array(try Data(contentsOf: folder.appending(path: $0))))
        }
    }

    /// The recordings of one kind as text.
    static func texts(_ kind: String) throws -> [(name: String, text: String)] {
        try recordings(kind).map { ($0.name, String(decoding: $0.bytes, as: UTF8.self)) }
    }
}
