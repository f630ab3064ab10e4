extension StringProtocol {
    /// Without white space at either end.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }

    /// The lines that say something, without their ends.
    var lines: [String] { split { $0.isNewline }.map { String($0) } }

    /// Words between white space.
    var words: [String] { split { $0.isWhitespace }.map { String($0) } }
}
