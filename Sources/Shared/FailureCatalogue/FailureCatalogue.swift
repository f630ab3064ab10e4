/// What logs say, why, and what to do: every known text of a failure in one table, for both sides.
public enum FailureCatalogue {
    /// All entries, area by area.
    public static let entries: [CatalogueEntry] = FailureArea.allCases.flatMap { area in
        area.entries.map { entry in
            var entry = entry
            entry.area = area
            return entry
        }
    }

    /// The entry of that name.
    public static func entry(_ name: String) -> CatalogueEntry? {
        byName[name]
    }

    /// What a log says went wrong. Pure; takes time in proportion to the text, whatever stands in it.
    ///
    /// - Parameters:
    ///   - text: The log.
    ///   - name: What to call it in the findings.
    ///   - areas: The tables to look in; all where nothing is said.
    public static func explain(
        _ text: String, name: String = "log", areas: Set<FailureArea> = Set(FailureArea.allCases)
    ) -> Explanation {
        var explainer = Explainer(areas: areas)
        explainer.add(text, name: name)
        return explainer.explanation
    }

    static let byName = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
    static let index = PatternIndex(entries)
}

/// The patterns of all entries, made ready to be looked for together.
struct PatternIndex: Sendable {
    /// What it means that a pattern stands in a log.
    enum Meaning: Sendable {
        case entry(Int)
        case success(FailureArea)
        case kind(LogKind)
    }

    /// One piece of a pattern, and where it stands.
    struct Place: Sendable {
        var pattern: Int
        var piece: Int
        /// Index into the scanner's states, one for each piece of each pattern.
        var slot: Int
        var isLast: Bool
    }

    let entries: [CatalogueEntry]
    let patterns: [LogPattern]
    let meanings: [Meaning]
    let automaton: WordAutomaton
    /// Word → the places where it is a piece, a pattern's later pieces first.
    let places: [[Place]]
    let lengths: [Int]
    /// Whether a word ends in a digit, so that what follows it may not be one.
    let endsInDigit: [Bool]
    let slots: Int

    init(_ entries: [CatalogueEntry]) {
        self.entries = entries
        var patterns: [LogPattern] = []
        var meanings: [Meaning] = []
        func add(_ meaning: Meaning, _ texts: [LogPattern]) {
            patterns += texts
            meanings += texts.map { _ in meaning }
        }
        for (index, entry) in entries.enumerated() { add(.entry(index), entry.patterns) }
        for area in FailureArea.allCases { add(.success(area), area.success) }
        for kind in LogKind.allCases { add(.kind(kind), kind.marks) }

        var words: [[UInt8]] = []
        var numbers: [[UInt8]: Int] = [:]
        var places: [[Place]] = []
        var slot = 0
        for (pattern, text) in patterns.enumerated() {
            for (piece, word) in text.pieces.enumerated() {
                let number = numbers[word] ?? words.count
                if number == words.count {
                    numbers[word] = number
                    words.append(word)
                    places.append([])
                }
                places[number].insert(
                    Place(pattern: pattern, piece: piece, slot: slot, isLast: piece == text.pieces.count - 1), at: 0)
                slot += 1
            }
        }
        self.patterns = patterns
        self.meanings = meanings
        self.places = places
        slots = slot
        lengths = words.map(\.count)
        endsInDigit = words.map { (0x30...0x39).contains($0.last ?? 0) }
        automaton = WordAutomaton(words)
    }
}
