import Host
import Testing

@testable import SecureShell

@Suite struct PureTests {
    @Test(arguments: [
        ("plain-word_1./:", "plain-word_1./:"), ("", "''"), ("two words", "'two words'"), ("it's", "'it'\\''s'"),
        ("$(x)`y`\"\\", "'$(x)`y`\"\\'"), ("a\nb", "'a\nb'"), ("~root", "'~root'"),
        // A quote with a combining mark is one Character, and still a quote to the shell.
        ("'\u{301}", "''\\''\u{301}'"),
    ])
    func quotes(argument: String, expected: String) {
        #expect(Array(shellQuote(argument).unicodeScalars) == Array(expected.unicodeScalars))
    }

    @Test func wireReaderStopsAtTheEnd() {
        var reader = WireReader([0, 0, 0, 2, 1, 2, 0, 0, 0, 9, 1])
        #expect(reader.string().map(Array.init) == [1, 2])
        #expect(reader.string() == nil)
    }

    @Test func linesAreSplitAcrossPieces() throws {
        var splitter = LineSplitter(limit: 5)
        func append(_ text: String) { Array(text.utf8).withUnsafeBytes { splitter.append($0) } }
        append("ab")
        #expect(try splitter.next(operation: "test") == nil)
        append("c\n\n12345\nx")
        #expect(try splitter.next(operation: "test") == "abc")
        #expect(try splitter.next(operation: "test") == "")
        #expect(try splitter.next(operation: "test") == "12345")
        #expect(try splitter.next(operation: "test") == nil)
        append("yz")
        #expect(splitter.rest() == "xyz")
        #expect(splitter.rest() == nil)
        append("123456")
        #expect(throws: (any Error).self) { try splitter.next(operation: "test") }
    }

    @Test func tailKeepsTheEnd() {
        var tail = Tail(limit: 4)
        for text in ["ab", "cd", "efghij", "k"] { Array(text.utf8).withUnsafeBytes { tail.append($0) } }
        #expect(String(decoding: tail.bytes, as: UTF8.self) == "hijk")
        #expect(tail.lost)
    }
}
