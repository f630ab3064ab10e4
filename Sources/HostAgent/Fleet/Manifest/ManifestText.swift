import Yams

/// YAML (and with it JSON) as ``MarkedValue``s.
enum ManifestText {
    /// A longer manifest is refused unread.
    static let byteLimit = 16 << 20
    /// Anchors can make a short text mean a huge one; no honest manifest has so many values.
    static let valueLimit = 2_000_000

    /// The text's one document; nil where it is empty.
    static func parse(_ text: String) throws(ManifestProblem) -> MarkedValue? {
        guard text.utf8.count <= byteLimit else {
            throw ManifestProblem(
                TextMark(line: 1, column: 1), "", "The manifest has more than \(byteLimit >> 20) MiB.",
                "Use `count` for guests that are alike.")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw problem(of: error)
        }
        guard let node else { return nil }
        var budget = valueLimit
        return try marked(node, &budget)
    }

    private static func marked(_ node: Node, _ budget: inout Int) throws(ManifestProblem) -> MarkedValue {
        let mark = mark(node.mark)
        budget -= 1
        guard budget > 0 else {
            throw ManifestProblem(
                mark, "", "The manifest has more than \(valueLimit) values, anchors written out.",
                "Use `count` for guests that are alike.")
        }
        switch node {
        case .scalar(let scalar):
            return .text(scalar.string, isQuoted: scalar.style != .plain && scalar.style != .any, mark)
        case .sequence(let sequence):
            var items: [MarkedValue] = []
            for item in sequence { items.append(try marked(item, &budget)) }
            return .list(items, mark)
        case .mapping(let mapping):
            var entries: [MarkedValue.Entry] = []
            for (key, value) in mapping {
                guard case .scalar(let name) = key else {
                    throw ManifestProblem(self.mark(key.mark), "", "A key is no word.", "Write `key: value`.")
                }
                entries.append(
                    .init(key: name.string, mark: self.mark(key.mark), value: try marked(value, &budget)))
            }
            return .map(entries, mark)
        case .alias:
            throw ManifestProblem(mark, "", "An alias has no anchor.", "Write `&name` before `*name`.")
        }
    }

    private static func mark(_ mark: Mark?) -> TextMark {
        TextMark(line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    private static func problem(of error: any Error) -> ManifestProblem {
        let how = "Mind the indentation, and quote what holds `: `, `#` or begins with a special character."
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            return ManifestProblem(self.mark(mark), "", "This is no YAML: \(problem).", how)
        case YamlError.duplicatedKeysInMapping(let duplicates, let context):
            return ManifestProblem(
                self.mark(context.mark), "",
                "Written twice in one mapping: \(duplicates.sorted().joined(separator: ", ")).", "Write each key once.")
        default:
            return ManifestProblem(TextMark(line: 1, column: 1), "", "This is no YAML: \(error).", how)
        }
    }
}
