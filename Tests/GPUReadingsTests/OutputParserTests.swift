import Foundation
import GPUReadings
import Testing

@Suite struct OutputParserTests {
    private func parse(
        _ text: String, only kind: OutputKind? = nil, columns: [String]? = nil, isEndless: Bool = false
    ) -> [ParsedOutput] {
        var parser = OutputParser(only: kind, columns: columns, isEndless: isEndless)
        return parser.push(Array(text.utf8)) + parser.finish()
    }

    private static let list = "GPU 0: NVIDIA A10 (UUID: GPU-00000000-0000-0000-0000-000000000000)\n"

    @Test func readsWhatFollowsEachOther() {
        let outputs = parse("hello\n\(Self.list)No devices were found\nbye\n")
        #expect(outputs.map(\.kind) == [.smiList, .smiError])
        #expect(outputs.map(\.line) == [2, 3])
        #expect(outputs.map { $0.warnings.map(\.line) } == [[1], [4]])
        #expect(outputs.first?.gpus.map(\.name) == [.value("NVIDIA A10")])
        guard case .smiError(let failing)? = outputs.last?.reading else {
            Issue.record("no failure")
            return
        }
        #expect(failing.failures == [.noDevices])
    }

    @Test func holdsTheLastBackUnlessEndless() {
        var parser = OutputParser()
        #expect(parser.push(Array("\(Self.list)No devices were found\n".utf8)).isEmpty)
        #expect(parser.push(Array("|NVIDIA-SMI|\n".utf8)).map(\.kind) == [.smiList])
        #expect(parser.finish().map(\.kind) == [.smiError, .smiTable])
        parser = OutputParser(isEndless: true)
        let xml = "<nvidia_smi_log><attached_gpus>0</attached_gpus></nvidia_smi_log>\n"
        for round in 1...3 { #expect(parser.push(Array(xml.utf8)).map(\.line) == [round]) }
        #expect(parser.push(Array("junk\n".utf8)).isEmpty && parser.finish().isEmpty)
        #expect(parser.leftover?.line == 4)
    }

    @Test func headingsWithoutRowsAreRecognised() {
        for isEndless in [true, false] {
            var parser = OutputParser(isEndless: isEndless)
            _ = parser.push(Array("timestamp, gpu_uuid, pid, used_gpu_memory [MiB]\n".utf8)) + parser.finish()
            #expect(parser.hasRecognised)
        }
    }

    @Test func linesOfWarningsAreOfTheStream() throws {
        let rows = "index, power.draw [W], temperature.gpu\n0, 3 W, 44\n1, many, 45\n2, 4 W\n"
        let whole = try #require(parse("\n\(rows)").first)
        #expect(whole.gpus.count == 2)
        #expect(whole.warnings.map(\.line) == [4, 5])
        #expect(whole.warnings.first?.field == "powerDrawWatts")
        let apart = parse("\n\(rows)", isEndless: true)
        #expect(apart.map(\.line) == [3, 4, 5])
        #expect(apart.map { $0.warnings.map(\.line) } == [[], [4], [5]])
        #expect(apart.map(\.gpus.count) == [1, 1, 0])
    }

    @Test func readsWithColumnsFromElsewhere() {
        let outputs = parse(
            "0, 71, 55.25\n1, 72, [N/A]\n", only: .smiCSV, columns: ["index", "temperature.gpu", "power.draw"])
        #expect(outputs.first?.gpus.map(\.temperatureCelsius) == [.value(71), .value(72)])
        #expect(outputs.first?.gpus.map(\.powerDrawWatts) == [.value(55.25), .absent(.notApplicable)])
        #expect(outputs.count == 1 && outputs.first?.error == nil)
    }

    @Test func saysWhatItSaw() {
        var parser = OutputParser()
        #expect(parser.push(Array("\n  hello\nworld\n".utf8)).isEmpty && parser.finish().isEmpty)
        #expect(!parser.hasRecognised)
        #expect(parser.unrecognisedDescription == "line 2: \"hello\" begins none of the outputs that are known")
        parser = OutputParser()
        #expect(parser.finish().isEmpty && parser.unrecognisedDescription == "there is nothing in it")
    }

    @Test func tellsWhatItCannotRead() {
        let outputs = parse("\n<nvidia_smi_log>\n<gpu>\n</nvidia_smi_log>\n\(Self.list)")
        #expect(outputs.map(\.kind) == [.smiXML, .smiList])
        #expect(outputs[0].reading == nil && outputs[0].error?.line == 4)
        #expect(outputs[1].error == nil)
        #expect(parse("hello\n", only: .lspci).map { $0.error == nil } == [false])
    }

    @Test func cutDocumentsSaySo() throws {
        let text = try Fixtures.text("fuzz-seeds/devicequery/two.txt")
        let cut = try #require(parse(String(text.prefix(600))).first)
        #expect(cut.gpus.count == 1 && cut.warnings.contains { $0.problem.contains("end") })
        #expect(parse(text).first?.warnings.isEmpty == true)
    }

    /// Documents through a small window.
    @Test func anEndlessLoopOfXML() throws {
        let xml = Array(try Fixtures.text("fuzz-seeds/smi-xml/v13.xml").utf8)
        var parser = OutputParser(isEndless: true)
        var count = 0
        for _ in 0..<300 {
            for start in stride(from: 0, to: xml.count, by: 512) {
                for output in parser.push(xml[start..<min(xml.count, start + 512)]) {
                    count += 1
                    #expect(output.error == nil && output.gpus.count == 1)
                }
            }
        }
        #expect(count == 300)
    }
}
