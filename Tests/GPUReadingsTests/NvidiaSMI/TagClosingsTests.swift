@testable import GPUReadings
import Testing

/// What is moved is blank space that XML allows in either place, and nothing else.
@Suite struct TagClosingsTests {
    private static func moved(_ text: String) -> String {
        var closings = TagClosings()
        return String(decoding: closings.moved(Array(text.utf8)[...]), as: UTF8.self)
    }

    @Test(
        arguments: [
            ("<a>\n\t<b>x</b>\n\t<c>", "<a\n\t><b>x</b\n\t><c>"), ("<a>\r\n  <b>", "<a\r\n  ><b>"),
            ("<a>\n<b>", "<a\n><b>"), ("</a_1>\n\t<b>", "</a_1\n\t><b>"),
        ])
    func moves(_ text: String, _ expected: String) {
        #expect(Self.moved(text) == expected)
    }

    @Test(
        arguments: [
            "", "\n", "\n<a>", ">\n<a>", "<a>\n", "<a>\n\t", "<a>\n<", "<a/>\n<b>", "<?xml ?>\n<a>", "<!-- -->\n<a>",
            "<!DOCTYPE a []>\n<a>", "<a>x>\n</a>", "<a>\n\n<b>", "<a>x\n<b>", "<a>\n<!-- -->",
            "<a>x>\n<b>", "<a>>\n<b>", "<a> >\n<b>", "a>\n<b>", "/a>\n<b>", "<>\n<b>", "</>\n<b>", "<a b>\n<c>",
            "<a b=\"1\">\n<c>", "<?xmla?>\n<b>", "<a>\r>\n<b>", "<\0a>\n<b>",
            "<a><![CDATA[x>\n<b]]></a>",
        ])
    func leaves(_ text: String) {
        #expect(Self.moved(text) == text)
    }

    /// The beginning of a section may be cut by the end of a piece.
    @Test func leavesCDATAInPieces() {
        var closings = TagClosings()
        _ = closings.moved(Array("<a><![CDATA".utf8)[...])
        #expect(closings.moved(Array("[x>\n<b".utf8)[...]) == Array("[x>\n<b".utf8))
        #expect(closings.moved(Array("<a>\n<b".utf8)[...]) == Array("<a>\n<b".utf8))
    }

    /// Places and lines are those of the document.
    @Test func readings() throws {
        let text = """
            <?xml version="1.0" ?>
            <nvidia_smi_log>
            \t<driver_version>1</driver_version>
            \t<gpu id="00000000:01:00.0">
            \t\t<product_name><![CDATA[A>
            <b]]></product_name>
            \t\t<temperature>
            \t\t\t<gpu_temp>warm</gpu_temp>
            \t\t</temperature>
            \t</gpu>
            </nvidia_smi_log>

            """
        for text in [text, text.replacing("<![CDATA[A>\n<b]]>", with: "A&gt;\nb")] {
            let reading = try SMIQueryReading(xml: "x\n" + text + "\n<a>")
            #expect(reading.driverVersion == "1" && reading.gpus.map(\.pciAddress) == ["0000:01:00.0"])
            #expect(reading.warnings.map(\.line) == [9] && reading.warnings.map(\.field) == ["temperatureCelsius"])
            #expect(reading.gpus[0].name == .value(text.contains("CDATA") ? "A>\n<b" : "A>\nb"))
        }
        let stream = SMIQueryStream()
        let results = stream.feed(Array((text + text + text.replacing("</gpu>", with: "</cpu>")).utf8))
        #expect(results.count == 3 && (try? results[1].get().warnings.map(\.line)) == [19])
        guard case .failure(let error)? = results.last else {
            Issue.record("\(results)")
            return
        }
        #expect(error.line == 32)
    }
}
