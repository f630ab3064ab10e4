/// The lines of shell at the beginning of a .run file, as far as they were read.
struct RunfileHeader {
    /// The bytes that were read.
    let bytes: [UInt8]
    /// The offset of each line that begins in these bytes.
    private let lineStarts: [Int]
    private let variables: [String: String]
    /// The N of `head -n N`, which older makeself writes out where newer ones have a variable.
    let headLines: Int?

    /// Lines looked at for variables. Wrappers have about 1200; what follows is the archive.
    private static let scannedLines = 3000

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            starts.append(index + 1)
        }
        lineStarts = starts

        var variables: [String: String] = [:]
        var headLines: Int?
        for number in 0..<min(starts.count - 1, Self.scannedLines) {
            let line = String(decoding: bytes[starts[number]..<(starts[number + 1] - 1)], as: UTF8.self)
            if let (name, value) = Self.assignment(line), variables[name] == nil {
                variables[name] = value
            }
            headLines = headLines ?? Self.linesTaken(line)
        }
        self.variables = variables
        self.headLines = headLines
    }

    /// The value of the first assignment to `name` at the beginning of a line. Functions further down assign again,
    /// indented or not; the header proper comes first.
    subscript(_ name: String) -> String? { variables[name] }

    /// A value that is a list of words.
    func words(_ name: String) -> [String] {
        self[name]?.split(separator: " ").map(String.init) ?? []
    }

    /// The offset of the 1-based `line`; nil where it is not within the bytes that were read.
    func offset(ofLine line: Int) -> Int? {
        line >= 1 && line <= lineStarts.count ? lineStarts[line - 1] : nil
    }

    /// `name=value`, with or without quotes, nothing before and nothing after.
    private static func assignment(_ line: String) -> (String, String)? {
        guard let equals = line.firstIndex(of: "="), equals != line.startIndex else { return nil }
        let name = line[..<equals]
        guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }) else { return nil }
        var value = line[line.index(after: equals)...]
        if let quote = value.first, quote == "\"" || quote == "'" {
            guard value.count >= 2, value.last == quote else { return nil }
            value = value.dropFirst().dropLast()
        }
        return (String(name), String(value))
    }

    /// The number in ``offset=`head -n 487 "$1" | wc -c…` ``, as makeself up to 2.4.2 has it.
    private static func linesTaken(_ line: String) -> Int? {
        let words = line.split(separator: " ", maxSplits: 3)
        guard words.count > 3, words[0].hasSuffix("offset=`head"), words[1] == "-n", words[2].count < 7 else {
            return nil
        }
        return Int(words[2])
    }
}
