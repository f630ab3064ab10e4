/// Words of a kernel command line, merged into a line that somebody else wrote.
///
/// Some keys hold a list: `modprobe.blacklist=a,b` (kmod) and `rd.driver.blacklist=a,b` (dracut) are merged, since grubby
/// would replace the whole value. Of any other key of ours the last word counts: its value is replaced, where another one
/// is there already (`nouveau.modeset=1`). Everything else of the line stays as it is.
package enum KernelParameters {
    static let listKeys: Set<Substring> = [
        "modprobe.blacklist", "rd.driver.blacklist", "rdblacklist", "module_blacklist",
    ]

    /// Those of `parameters` that a kernel with this command line would not see.
    package static func missing(_ parameters: [String], in words: [String]) -> [String] {
        parameters.filter { parameter in
            guard let (key, value) = keyed(parameter) else { return !words.contains(parameter) }
            let values = words.compactMap { keyed($0) }.filter { $0.key == key }.map(\.value)
            return listKeys.contains(key)
                ? !values.contains { $0.split(separator: ",").contains(value) } : values.last != value
        }
    }

    /// `line` with each of `parameters`, once; a line that has them all comes back unchanged.
    package static func adding(_ parameters: [String], to line: String) -> String {
        var line = Line(line)
        for parameter in missing(parameters, in: line.words) {
            if let (key, value) = keyed(parameter), let index = line.words.lastIndex(where: { keyed($0)?.key == key }) {
                line.words[index] = listKeys.contains(key) ? line.words[index] + "," + value : parameter
            } else {
                line.append(parameter)
            }
        }
        return line.text
    }

    /// `line` without a value of ours' keys that contradicts `parameters`: a value that is there is replaced, nothing is
    /// added. For a place whose words come after ours.
    package static func correcting(_ parameters: [String], in line: String) -> String {
        let present = parameters.filter { parameter in
            guard let (key, _) = keyed(parameter), !listKeys.contains(key) else { return false }
            return line.words.contains { keyed($0)?.key == key }
        }
        return adding(present, to: line)
    }

    /// `line` without `parameters`: the inverse of ``adding(_:to:)`` where none of them was there before. Of a list only
    /// our value goes.
    package static func removing(_ parameters: [String], from line: String) -> String {
        var line = Line(line)
        for parameter in parameters {
            for index in line.words.indices.reversed() {
                let word = line.words[index]
                if let (key, value) = keyed(parameter), listKeys.contains(key) {
                    guard let (other, list) = keyed(word), other == key else { continue }
                    let all = list.split(separator: ",", omittingEmptySubsequences: false)
                    let rest = all.filter { $0 != value }
                    guard rest.count < all.count else { continue }
                    if rest.isEmpty {
                        line.remove(at: index)
                    } else {
                        line.words[index] = "\(key)=\(rest.joined(separator: ","))"
                    }
                } else if word == parameter {
                    line.remove(at: index)
                }
            }
        }
        return line.text
    }

    private static func keyed(_ word: some StringProtocol) -> (key: Substring, value: Substring)? {
        let word = Substring(word)
        guard let equals = word.firstIndex(of: "=") else { return nil }
        return (word[..<equals], word[word.index(after: equals)...])
    }

    /// Words with the white space between them as it was.
    private struct Line {
        /// What stands before each word.
        var spaces: [String] = []
        var words: [String] = []
        var end = ""

        init(_ text: String) {
            var rest = text[...]
            while true {
                let space = rest.prefix(while: \.isWhitespace)
                rest = rest[space.endIndex...]
                guard !rest.isEmpty else {
                    end = String(space)
                    return
                }
                let word = rest.prefix { !$0.isWhitespace }
                rest = rest[word.endIndex...]
                spaces.append(String(space))
                words.append(String(word))
            }
        }

        var text: String { zip(spaces, words).map { $0 + $1 }.joined() + end }

        mutating func append(_ word: String) {
            spaces.append(end.isEmpty && !words.isEmpty ? " " : end)
            words.append(word)
            end = ""
        }

        mutating func remove(at index: Int) {
            let space = spaces.remove(at: index)
            words.remove(at: index)
            if index == 0, !spaces.isEmpty { spaces[0] = space }
        }
    }
}
