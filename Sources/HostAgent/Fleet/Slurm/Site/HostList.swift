/// Names of nodes as Slurm writes many: `gpu[01-08,12],login1`, also `rack[1-2]n[1-4]`.
enum HostList {
    /// More names than this are refused: the largest sites have some ten thousand nodes.
    static let limit = 65_536

    /// The names, in the order written; nil for what is no such list, or means more than ``limit``.
    static func names(_ text: String) -> [String]? {
        var all: [String] = []
        for pattern in patterns(text) {
            guard let names = expanded(pattern), all.count + names.count <= limit else { return nil }
            all += names
        }
        return all.isEmpty ? nil : all
    }

    /// Split at commas that stand outside of brackets.
    private static func patterns(_ text: String) -> [Substring] {
        var depth = 0
        return text.split(omittingEmptySubsequences: false) { character in
            if character == "[" { depth += 1 } else if character == "]" { depth -= 1 }
            return character == "," && depth == 0
        }
    }

    private static func expanded(_ pattern: Substring) -> [String]? {
        var names = [""]
        var rest = pattern
        while let first = rest.first {
            if first == "[" {
                guard let end = rest.firstIndex(of: "]") else { return nil }
                guard let numbers = numbers(rest[rest.index(after: rest.startIndex)..<end]),
                    names.count * numbers.count <= limit
                else { return nil }
                names = names.flatMap { name in numbers.map { name + $0 } }
                rest = rest[rest.index(after: end)...]
            } else {
                let word = rest.prefix { $0 != "[" }
                guard word.utf8.allSatisfy(isNameByte) else { return nil }
                names = names.map { $0 + word }
                rest = rest[word.endIndex...]
            }
        }
        return names == [""] ? nil : names
    }

    /// "01-03,7" as 01, 02, 03, 7: zeros in front stay.
    private static func numbers(_ text: Substring) -> [String]? {
        var all: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard let first = ends.first, let last = ends.last, ends.count <= 2, let low = number(first),
                let high = number(last), low <= high, high - low < limit
            else { return nil }
            let width = first.utf8.count
            all += (low...high).map { number in
                let digits = "\(number)"
                return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
            }
        }
        return all
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
