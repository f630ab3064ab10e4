public import Contract

/// What an undo says of what it did, as lines of evidence: what was taken back, and what remains and why.
public enum Remains {
    private static let mark = "remains: "

    /// A line for something that stays.
    static func line(_ what: String) -> String { mark + what }

    /// Splits evidence into what was taken back and what remains.
    public static func split(_ evidence: [String]) -> (takenBack: [String], remaining: [String]) {
        (
            evidence.filter { !$0.hasPrefix(mark) },
            evidence.filter { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count)) }
        )
    }

    /// What the records of an undo say in the end.
    public static func split(_ records: some Sequence<JournalRecord>) -> (takenBack: [String], remaining: [String]) {
        split(
            records.flatMap { record -> [String] in
                switch record.event {
                case .stepSatisfied(let step, let evidence) where step.isUndo: evidence
                case .stepVerified(let step, let evidence) where step.isUndo: evidence
                default: []
                }
            })
    }
}

extension StepID {
    /// Whether it takes something out.
    var isUndo: Bool { rawValue.hasPrefix("undo-") }
}
