/// A version of a driver or of CUDA: numbers with dots between them, "470.256.02".
///
/// It keeps its spelling, because file names and folders repeat it ("418.87.00"), and compares by number, component by
/// component, missing ones counting as zero: 11.4 equals 11.4.0, and 470.86 is older than 470.256.02.
public struct ToolVersion: Sendable, CustomStringConvertible {
    /// The numbers, the most significant first; at least one.
    public let components: [Int]
    /// The version as it was spelled.
    public let description: String

    /// Reads "390.42". Nil for anything but one to six numbers of at most nine digits, with single dots between them.
    public init?(_ text: String) {
        let words = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...6).contains(words.count) else { return nil }
        var components: [Int] = []
        for word in words {
            guard (1...9).contains(word.count), word.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(String(decoding: word, as: UTF8.self))
            else { return nil }
            components.append(number)
        }
        self.components = components
        description = text
    }

    /// The first two numbers, "11.4", as CUDA names its releases and folders; "13.0" where there is only one.
    public var majorMinor: String { "\(major).\(minor)" }

    /// The first number. A driver's branch.
    public var major: Int { components.first ?? 0 }

    /// The second number, zero where there is none.
    public var minor: Int { components.count > 1 ? components[1] : 0 }

    /// Without the zeros at the end, so that equal versions are equal in every way.
    private var significant: ArraySlice<Int> {
        components[...(components.lastIndex { $0 != 0 } ?? 0)]
    }
}

extension ToolVersion: Comparable, Hashable {
    public static func == (left: ToolVersion, right: ToolVersion) -> Bool {
        left.significant == right.significant
    }

    public static func < (left: ToolVersion, right: ToolVersion) -> Bool {
        left.significant.lexicographicallyPrecedes(right.significant)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(significant)
    }
}

extension ToolVersion: Codable {
    /// Reads the spelling; throws `DecodingError` for what is no version.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let version = ToolVersion(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is no version")
        }
        self = version
    }

    /// Writes the spelling.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension ToolVersion {
    /// A version written in our own tables, where one that cannot be read is a mistake of the programmer.
    ///
    /// Not `ExpressibleByStringLiteral`: with it, `ToolVersion("x")` would stop the program in place of giving nil.
    init(known literal: StaticString) {
        guard let version = ToolVersion("\(literal)") else { preconditionFailure("\(literal) is no version") }
        self = version
    }
}
