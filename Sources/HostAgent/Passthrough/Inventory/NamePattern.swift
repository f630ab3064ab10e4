/// Part of a name, or the whole with * (anything) and ? (one character). Upper and lower case are alike.
public struct NamePattern: Sendable {
    private let pattern: String
    private let isGlob: Bool

    public init(_ text: String) {
        pattern = text.lowercased()
        isGlob = pattern.contains("*") || pattern.contains("?")
    }

    public func matches(_ name: String) -> Bool {
        let name = name.lowercased()
        return isGlob ? Self.fits(pattern, name) : name.contains(pattern)
    }

    /// Whether a pattern with * and ? fits the whole text, upper and lower case told apart.
    public static func fits(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern), Array(text))
        // The last * and where it was tried: linear in memory, at worst the product of the lengths in time.
        var (at, inPattern) = (0, 0)
        var star: (pattern: Int, text: Int)?
        while at < text.count {
            if inPattern < pattern.count, pattern[inPattern] == "*" {
                star = (inPattern, at)
                inPattern += 1
            } else if inPattern < pattern.count, pattern[inPattern] == "?" || pattern[inPattern] == text[at] {
                at += 1
                inPattern += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                inPattern = last.pattern + 1
                at = last.text + 1
            } else {
                return false
            }
        }
        return pattern[inPattern...].allSatisfy { $0 == "*" }
    }
}
