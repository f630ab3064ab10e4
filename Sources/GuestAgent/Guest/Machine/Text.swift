extension StringProtocol {
    /// Without white space at either end (FoundationEssentials has no `trimmingCharacters`).
    package var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }

    /// The lines, without their ends. A carriage return counts as one: progress bars of installers use it.
    package var lines: [String] {
        split(omittingEmptySubsequences: true) { $0.isNewline }.map { String($0) }
    }

    /// Words between white space.
    package var words: [String] {
        split { $0.isWhitespace }.map { String($0) }
    }
}

extension Sequence<String> {
    /// The last `count` lines that are not blank, each cut at 300 characters: evidence of a failure is bounded.
    package func lastLines(_ count: Int) -> [String] {
        filter { !$0.trimmed.isEmpty }.suffix(count).map { String($0.prefix(300)) }
    }
}
