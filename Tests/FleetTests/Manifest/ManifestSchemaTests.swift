import Contract
import FoundationEssentials
import Host
import Testing

@testable import Fleet

struct ManifestSchemaTests {
    /// The published schema is the one that the table gives: UPDATE_GOLDEN=1 writes it.
    @Test func thePublishedSchemaIsTheTables() throws {
        let path =
            "\(#filePath)".split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
            + "/Documentation/schemas/fleet.schema.json"
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(ManifestSchema.document), as: UTF8.self) + "\n"
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try Data(text.utf8).write(to: URL(filePath: path))
        }
        let published = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        #expect(published == text)
    }

    @Test(
        arguments: [
            ("4G", 4 << 30), ("512M", 512 << 20), ("20GiB", 20 << 30), ("1073741824", 1 << 30), ("2T", 2 << 40),
            ("8gb", 8 << 30),
            ("1k", 1024),
        ] as [(String, Int64)])
    func sizesAsPeopleWriteThem(_ text: String, _ bytes: Int64) {
        #expect(ByteSize(manifest: text)?.bytes == bytes)
    }

    @Test(arguments: ["", "G", "0", "-1G", "1.5G", "4X", "99999999999T", "4 G", "b", "4ib"])
    func whatIsNoSize(_ text: String) {
        #expect(ByteSize(manifest: text) == nil)
    }
}
