@testable import GPUReadings
import Testing

@Suite struct ByteTextTests {
    private func lines(_ text: String) -> [String] {
        let text = ByteText(text)
        return text.lines.map { "\($0.number):\(text.string($0.piece))" }
    }

    @Test(
        arguments: [
            ("", []), ("\n", ["1:"]), ("a", ["1:a"]), ("a\nb\n", ["1:a", "2:b"]), ("a\r\n\r\nb", ["1:a", "2:", "3:b"]),
            ("a\rb", ["1:a", "2:b"]), ("a\r\r\nb", ["1:a", "2:b"]), ("\u{feff}a", ["1:a"]), ("a\n\n", ["1:a", "2:"]),
        ] as [(String, [String])])
    func linesEndInThreeWays(_ text: String, _ expected: [String]) { #expect(lines(text) == expected) }

    @Test func utf16() {
        let text = "GPU é 😀\r\nx"
        let little = text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let big = text.utf16.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        for bytes in [[0xff, 0xfe] + little, [0xfe, 0xff] + big, little, big, Array(text.utf8)] {
            #expect(ByteText(bytes).bytes == Array(text.utf8))
        }
        #expect(ByteText([0xff, 0xfe, 0x41, 0, 0x00, 0xd8, 0x42]).bytes == Array("A\u{fffd}".utf8))
    }

    @Test(arguments: [
        ("\u{1b}[01;31m\u{1b}[KGPU\u{1b}[m 0", "GPU 0"), ("\u{1b}]0;title\u{7}$ x", "$ x"), ("\u{1b}", ""),
        ("a\u{1b}[", "a["),
        ("a\u{1b}[1\nb", "a[1\nb"), ("a\u{a0}\u{a0}b é", "a  b é"), ("\u{1b}(Bx", "x"), ("\u{1b}]x\ny", "]x\ny"),
    ])
    func whatTerminalsLeave(_ text: String, _ expected: String) {
        #expect(ByteText(text).bytes == Array(expected.utf8))
    }

    @Test func piecesOfALine() {
        let text = ByteText(" a : b : c\t")
        let line = text.trimmed(text.whole)
        #expect(text.string(line) == "a : b : c" && text.indentation(text.whole) == 1)
        #expect(text.halves(line, at: " : ").map { text.string($0.0) + "|" + text.string($0.1) } == "a|b : c")
        #expect(text.halves(line, at: "::") == nil && text.words(line).map(text.string) == ["a", ":", "b", ":", "c"])
        #expect(text.words(line, most: 2).count == 2 && text.after("a :", in: line).map(text.string) == "b : c")
        #expect(
            text.starts(line, with: "a :") && !text.starts(line, with: "a : b : c d") && text.ends(line, with: ": c"))
        #expect(text.equals(line, "a : b : c") && !text.equals(line, "a"))
        #expect(text.find(UInt8(ascii: ":"), in: line) == 3 && text.findLast(UInt8(ascii: ":"), in: line) == 7)
        var rest: ByteText.Piece? = line
        var fields: [String] = []
        while let field = text.nextField(&rest, separator: UInt8(ascii: ":")) { fields.append(text.string(field)) }
        #expect(fields == ["a ", " b ", " c"])
    }

    @Test(
        arguments: [
            ("0", 0), ("007", 7), ("-12", -12), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("99999999999999999999999", nil), ("", nil), ("-", nil), ("1a", nil),
            ("+1", nil),
        ] as [(String, Int?)])
    func integers(_ text: String, _ expected: Int?) {
        let text = ByteText(text)
        #expect(text.integer(text.whole) == expected)
    }

    @Test(
        arguments: [
            ("67.03", 67.03), ("-4", -4), (".5", 0.5), ("5.", 5), ("0.1", 0.1),
            ("123456789012345678.25", 123456789012345678.25),
            ("1.2.3", nil), ("nan", nil), ("1e5", nil), ("0x1", nil), (".", nil), ("-", nil), ("", nil),
            ("9719.0", 9719),
            ("0.000000000000001", 1e-15), ("0.0000000000000000000000000001", 1e-28),
        ] as [(String, Double?)])
    func decimals(_ text: String, _ expected: Double?) {
        let text = ByteText(text)
        #expect(text.decimal(text.whole) == expected)
    }

    @Test(
        arguments: [
            ("10de", 0x10de), ("0xFFFFFFFFFFFFFFFF", .max), ("", nil), ("0x", nil), ("1g", nil),
            ("00000000000000001", nil),
        ] as [(String, UInt64?)])
    func hexadecimals(_ text: String, _ expected: UInt64?) {
        let text = ByteText(text)
        #expect(text.hexadecimal(text.whole) == expected)
    }

    @Test func measures() {
        for (text, expected) in [("40%", "40|%"), (" -3 C", "-3|C"), ("1481 MHz ", "1481|MHz"), ("x", nil), ("-", nil)]
        {
            let text = ByteText(text)
            #expect(text.measure(text.whole).map { text.string($0.number) + "|" + text.string($0.unit) } == expected)
        }
        let text = ByteText("(006) x 99999999999999999999 8")
        #expect(text.numbers(text.whole) == [6, 8])
    }

    @Test func invalidBytesAreMended() {
        let text = ByteText([0x41, 0xff, 0x42])
        #expect(text.string(text.whole) == "A\u{fffd}B")
        let long = ByteText(String(repeating: "é", count: 150))
        #expect(long.cut(long.whole) == String(repeating: "é", count: 98) + "...")
    }

    @Test func labelsAreFoundInAnyCase() {
        let table = LabelTable([("Bus Id", 1), ("bus id", 2), ("", 3)] + (0..<40).map { ("label \($0)", 100 + $0) })
        let text = ByteText("BUS ID,label 7,label 40,")
        #expect(table.value(0..<6, in: text) == 1 && table.value(7..<14, in: text) == 107)
        #expect(table.value(15..<23, in: text) == nil && table.value(24..<24, in: text) == 3)
    }
}
