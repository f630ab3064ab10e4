import Testing

@testable import Monitoring

struct ExpositionNumberTests {
    private func text(_ value: Double) -> String {
        var bytes: [UInt8] = []
        Exposition.write(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        arguments: [
            (0, "0"), (-0.0, "0"), (47, "47"), (-5, "-5"), (85_899_345_920, "85899345920"), (0.47, "0.47"),
            (0.5, "0.5"),
            (-12.05, "-12.05"), (87.125, "87.125"), (0.001, "0.001"), (0.0001, "0.0001"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e15, "1000000000000000"), (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
            (999_999_999.999, "999999999.999"), (1e9 + 0.5, "1000000000.5"),
            (Double(Int64.min), "-9223372036854775808"),
        ] as [(Double, String)])
    func aNumberIsItsShortestText(_ value: Double, _ expected: String) {
        #expect(text(value) == expected)
    }

    @Test func whatIsWrittenIsReadBackAsTheSame() {
        var word: UInt64 = 1
        for _ in 0..<20_000 {
            word = word &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let hundredths = Double(Int64(bitPattern: word) >> 34) / 100
            #expect(Double(text(hundredths)) == hundredths)
            #expect(text(hundredths).count <= "\(hundredths)".count)
            let any = Double(bitPattern: word)
            if any.isFinite { #expect(Double(text(any)) == any) }
        }
    }
}
