import Contract

/// The last gate before a terminal: whatever stands in a report or a failure may have come from a guest.
enum SafeText {
    static func lines(_ lines: [String]) -> String {
        lines.map { Printable.line($0, limit: 2000) }.joined(separator: "\n")
    }

    /// A number with one place behind the point.
    static func tenths(_ value: Double) -> String {
        let tenths = whole(value.magnitude * 10)
        return "\(value < 0 ? "-" : "")\(tenths / 10).\(tenths % 10)"
    }

    /// A number for people; what is no number of a sane size is shown as 0.
    static func whole(_ value: Double) -> Int {
        Int(exactly: value.rounded()) ?? 0
    }
}
