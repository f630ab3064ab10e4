import GPUReadings
import Testing

@Suite struct SMIQueryStreamTests {
    private static func document(_ temperature: Int) -> String {
        "<?xml version=\"1.0\" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM \"x.dtd\">\n<nvidia_smi_log>\n<gpu id=\"0000:0A:00.0\">"
            + "<temperature><gpu_temp>\(temperature) C</gpu_temp></temperature></gpu>\n</nvidia_smi_log>\n"
    }

    private static func temperatures(_ results: [Result<SMIQueryReading, ReadingError>]) -> [Int?] {
        results.map { try? $0.get().gpus.first?.temperatureCelsius.value }
    }

    /// Wherever the pieces are cut.
    @Test(arguments: [1, 2, 7, 64, 1000])
    func pieces(_ size: Int) throws {
        let bytes = Array(
            ("$ nvidia-smi -q -x -l 1 < nothing\n" + (1...5).map(Self.document).joined(separator: "\nwait <\n")).utf8)
        let stream = SMIQueryStream()
        var seen: [Int?] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            seen += Self.temperatures(stream.feed(Array(bytes[start..<min(bytes.count, start + size)])))
        }
        #expect(seen == [1, 2, 3, 4, 5])
        #expect(!stream.isInDocument)
        try stream.finish()
    }

    @Test func brokenDocumentIsNotTheEnd() throws {
        let stream = SMIQueryStream()
        let cut = String(Self.document(2).dropLast(30))
        let results = stream.feed(Array((Self.document(1) + cut + Self.document(3)).utf8))
        #expect(Self.temperatures(results) == [1, nil, 3])
        guard case .failure(let error) = results[1] else { return }
        #expect(error.line == 9)
    }

    @Test func endWithinADocument() {
        let stream = SMIQueryStream()
        #expect(stream.feed(Array(Self.document(1).dropLast(20).utf8)).isEmpty)
        #expect(stream.isInDocument)
        #expect(throws: ReadingError.self) { try stream.finish() }
        #expect(Self.temperatures(stream.feed(Array(Self.document(2).utf8))) == [2])
    }

    @Test func linesGoOnCounting() throws {
        let stream = SMIQueryStream()
        let broken = Self.document(1).replacing("1 C", with: "warm")
        var lines: [Int] = []
        for byte in Array((Self.document(1) + broken).utf8) {
            lines += try stream.feed([byte]).flatMap { try $0.get().warnings.map(\.line) }
        }
        #expect(lines == [9])
    }
}
