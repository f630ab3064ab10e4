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

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func base64(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test func base64RefusesOtherText() {
        #expect(Base64.decode("a*b=") == nil)
        #expect(Base64.decode("Zg==Zg==") == nil)
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 1000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
    ])
    func sha256(message: String, digest: String) {
        let hex = SHA256.digest(of: Array(message.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        #expect(hex.joined() == digest)
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
