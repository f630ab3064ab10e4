import Testing

@testable import GPUReadings

/// The same bytes with and without ``TagClosings`` give the same readings, errors and lines, however they are cut.
@Suite struct TagClosingsEffectTests {
    /// What a reader can tell of some bytes.
    private struct Outcome: Equatable {
        var results: [Result<SMIQueryReading, ReadingError>] = []
        var isInDocument = false
    }

    private static func whole(_ bytes: [UInt8], _ closings: TagClosings) -> Outcome {
        Outcome(results: [Result { () throws(ReadingError) in try SMIQueryReading(bytes, closings) }])
    }

    private static func stream(_ pieces: [[UInt8]], _ closings: TagClosings) -> Outcome {
        let stream = SMIQueryStream(closings)
        var outcome = Outcome(results: pieces.flatMap { stream.feed($0) })
        outcome.isInDocument = stream.isInDocument
        do throws(ReadingError) { try stream.finish() } catch { outcome.results.append(.failure(error)) }
        return outcome
    }

    private static func pieces(_ bytes: [UInt8], of size: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min(bytes.count, $0 + size)]) }
    }

    /// Whether nothing differs, whole and in each of the ways to cut it.
    private static func isSame(_ bytes: [UInt8], _ cuts: [[[UInt8]]]) -> Bool {
        whole(bytes, TagClosings()) == whole(bytes, .none)
            && cuts.allSatisfy { stream($0, TagClosings()) == stream($0, .none) }
    }

    private static func isMoved(_ bytes: [UInt8]) -> Bool {
        var closings = TagClosings()
        return closings.moved(bytes[...]) != bytes
    }

    /// Where ">", line ends and "<" are something else than the blank space between two tags, or nearly so.
    private static let documents: [[UInt8]] = [
        "<driver_version>1>\n<b>x></b>\n<b>y>\n<c>></c>\n</b>2</driver_version>",
        "<gpu id=\"0:1:0.0\">\n\t<product_name>A>\n</product_name>\n\t<temperature>\n<gpu_temp>warm</gpu_temp>\n</temperature></gpu>",
        "<gpu id=\"0:1:0.0>\n<b\">\n<a>\n</a></gpu>",
        "<gpu\nid='0:1:0.0'\r\n>\r\n<product_name>A\r\n</product_name>\r\n<a></a>\r\n</gpu>",
        "<!-- <a>\n<b -->\n<a>\n<b></b></a>", "<!-- a->\n<b --><a>1</a>", "<?a <b>\n<c?><a>\n<b>1</b></a>",
        "<product_name><![CDATA[<a>\n<b>]]></product_name>\n<a></a>\n<b></b>", "<a>\n<![CDATA[x>]]>\n<b></b></a>",
        "<a y>\n<b></b></a>", "<a></b>\n<c>", "<a>\n\r\n<b></b>\r<c></c>\r\r\n<d></d></a>", "<a>\r>\n<b>x</b></a>",
        "<a/>\n<b/>\n<c></c>\n<d/>",
        "<a>\0\n<b></b></a>", "<a>\n\0<b></b></a>", "<a\0>\n<b></b></a>", "<a>\n<b>&lt;a&gt;\n&#60;b></b></a>",
        "<a>\n<b>&x;</b></a>", "<ä>\n<b>é></b>\n</ä>",
        "<_1>\n<b.c>\n<b>x</b></b.c></_1>\n<1>\n<b>", "<a>\n<b>",
    ].map {
        Array(
            "$ a\n<?xml version=\"1.0\" ?>\n<nvidia_smi_log>\n<a>\n\($0)\n<c>1</c></a>\n</nvidia_smi_log>\n<nvidia_smi_log>\n<a>"
                .utf8)
    }

    private static let prologues: [[UInt8]] = [
        "<!DOCTYPE nvidia_smi_log [<!-- <a>\n<b> --><?p <a>\n<b?>\n<!ELEMENT a ANY>\n]>\n",
        "<!DOCTYPE nvidia_smi_log [<!ATTLIST gpu id CDATA \"<a>\n<b\">]>\n",
        "<!DOCTYPE nvidia_smi_log [<!ATTLIST gpu id CDATA \"1>\n\">\n]>\n",
        "<!DOCTYPE nvidia_smi_log [<!ENTITY x \"<a>\n<b></b></a>\">]>\n",
        "<!DOCTYPE nvidia_smi_log [<!ENTITY % x \"<a>\n<b>\"> %x; ]>\n",
        "<!DOCTYPE nvidia_smi_log SYSTEM \"<a>\n<b>\">\n", "<!DOCTYPE nvidia_smi_log PUBLIC \"<a>\n<b>\" \"x\">\n",
        "<!DOCTYPE nvidia_smi_log>\n",
        "<?xml <a>\n<b ?>\n", "<?xmla>\n<b>", "<?xml version=\"<a>\n<b\"?>\n",
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n", "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n",
        "\u{feff}<?xml version=\"1.0\"?>\n<a>\n<b>",
    ].map {
        Array(
            "\($0)<nvidia_smi_log>\n<gpu>\n<product_name>x&x;</product_name>\n<a></a>\n</gpu>\n</nvidia_smi_log>\n".utf8
        )
    }

    /// Whole, byte by byte, and cut at every place.
    @Test func smallDocuments() throws {
        for bytes in Self.documents + Self.prologues {
            let cuts = bytes.indices.map { [Array(bytes[..<$0]), Array(bytes[$0...])] } + [Self.pieces(bytes, of: 1)]
            let isSame = Self.isSame(bytes, cuts)
            #expect(isSame, "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(Self.documents.count(where: Self.isMoved) > Self.documents.count / 2)
    }

    /// In UTF-16 the bytes of ">", a line end and "<" are within other characters, here behind junk of single bytes.
    @Test func wideDocuments() throws {
        let text = "<nvidia_smi_log><a>\u{0a3e}\u{613c}\u{3e61}\u{620a}\u{613c}\u{0a3e}\u{623c}</a></nvidia_smi_log>"
        let bytes = Array("$ ".utf8) + text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        #expect(try SMIQueryReading(xml: bytes).other.count == 1)
        #expect(Self.isSame(bytes, []))
        #expect(Self.isSame(Array(bytes.dropFirst(2)), []))
    }

    @Test func mutations() throws {
        var mutator = Mutator(
            seeds: Self.documents + Self.prologues
                + (try MutationTests.seeds([OutputKind.smiXML.rawValue])), state: 11)
        var moved = 0
        for round in 0..<2_000 {
            let bytes = mutator.next()
            if Self.isMoved(bytes) { moved += 1 }
            let isSame = Self.isSame(bytes, [[bytes], Self.pieces(bytes, of: 1 + mutator.dice(60))])
            #expect(isSame, "\(round): \(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(moved > 500, "\(moved)")
    }

    @Test func recordings() throws {
        for (name, bytes) in try Fixtures.recordings("smi-xml") {
            let isSame = Self.isSame(bytes, [Self.pieces(bytes, of: 4_093)])
            #expect(isSame, "\(name)")
        }
    }
}
