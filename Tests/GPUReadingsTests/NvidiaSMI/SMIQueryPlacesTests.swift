@testable import GPUReadings
import Testing

@Suite struct SMIQueryPlacesTests {
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
