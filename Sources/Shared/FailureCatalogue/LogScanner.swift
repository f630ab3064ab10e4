/// One pass over one log: which patterns stand in it, and where.
struct LogScanner: Sendable {
    /// A line as it stood in the log.
    struct Line: Sendable {
        var number: Int
        var text: String
    }

    /// One place at which an entry matched.
    struct Hit: Sendable {
        var entry: Int
        var pattern: Int
        var lines: [Line]
    }

    /// All places of one entry.
    struct Hits: Sendable {
        /// The first ones.
        var first: [Hit] = []
        var count = 0
        /// Position of the last.
        var last = 0
        /// The line of the last, as the ring counts them.
        fileprivate var line = -1
    }

    let name: String
    private(set) var hits: [Int: Hits] = [:]
    /// Where, last, a log said that its work is done.
    private(set) var successes: [FailureArea: Int] = [:]
    /// Lines so far, counted as an editor counts them.
    private(set) var lineCount = 0

    private let index: PatternIndex
    private var kinds: [LogKind: Int] = [:]

    // Where the scanner is: normalised bytes so far, and the automaton's state.
    private var position = 0
    private var state: WordAutomaton.State = 0
    private var normaliser = LogNormaliser()
    private var isAfterSpace = false
    /// For each piece of each pattern, where the last chain of pieces that came so far began and ended; -1 for none.
    private var starts: [Int]
    private var ends: [Int]
    /// Words that end in a digit, waiting for the byte behind them.
    private var waiting: [Int] = []

    // The line being read.
    private var head: [UInt8] = []
    private var isHead = true
    private var raw: [UInt8] = []
    /// The last bytes of a line that is longer than `raw` may be.
    private var rawEnd: [UInt8] = []
    private var isEmpty = true
    /// Matches that end in this line.
    private var matches: [Match] = []

    private struct Match {
        var entry: Int
        var pattern: Int
        var start: Int
        /// What stood before it where the line is too long to be kept whole.
        var excerpt: [UInt8]?
    }

    /// The last lines, in a ring.
    private struct Kept {
        var number = 0
        /// Where it begins, in normalised bytes.
        var start = 0
        var bytes: [UInt8] = []
        var isCut = false
    }
    private var ring = [Kept](repeating: Kept(), count: LogScanner.keptLines)
    /// Lines put into the ring so far.
    private var kept = 0

    private static let keptLines = 64
    private static let longestLine = 400
    private static let lineEnd = 300

    init(name: String, index: PatternIndex) {
        self.name = name
        self.index = index
        starts = Array(repeating: -1, count: index.slots)
        ends = Array(repeating: -1, count: index.slots)
        // A piece that begins with a space may stand at the beginning of the log.
        advance(0x20)
    }

    /// Reads the next bytes.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                // A carriage return alone begins the line anew (progress bars): the same line to an editor.
                endLine()
                if byte == UInt8(ascii: "\n") { lineCount += 1 }
                continue
            }
            keep(byte)
            var normal: (UInt8, UInt8, UInt8) = (0, 0, 0)
            var count = 0
            normaliser.feed(byte) {
                switch count {
                case 0: normal.0 = $0
                case 1: normal.1 = $0
                default: normal.2 = $0
                }
                count += 1
            }
            if count > 0 { take(normal.0) }
            if count > 1 { take(normal.1) }
            if count > 2 { take(normal.2) }
        }
    }

    /// The log has ended.
    mutating func finish() {
        let isOpen = !isEmpty
        endLine()
        if isOpen { lineCount += 1 }
    }

    /// What kind of log this seems to be.
    var kind: LogKind {
        let most = kinds.values.max() ?? 0
        return LogKind.allCases.first { most > 0 && kinds[$0] == most } ?? .unknown
    }

    /// The last ten lines that say something.
    var lastLines: [String] {
        let all = (max(0, kept - Self.keptLines)..<kept).map { ring[$0 % Self.keptLines] }
        return all.filter { line in line.bytes.contains { $0 > 0x20 } }.suffix(10).map { Self.text($0) }
    }

    private mutating func keep(_ byte: UInt8) {
        isEmpty = false
        if raw.count < Self.longestLine {
            raw.append(byte)
        } else {
            rawEnd.append(byte)
            if rawEnd.count > 4 * Self.lineEnd { rawEnd.removeFirst(3 * Self.lineEnd) }
        }
    }

    /// A normalised byte: the first of a line are held back until it is clear what is prefix.
    private mutating func take(_ byte: UInt8) {
        guard isHead else { return advance(byte) }
        head.append(byte)
        if head.count == LinePrefix.longest { flushHead() }
    }

    private mutating func flushHead() {
        isHead = false
        let skipped = LinePrefix.length(head)
        for byte in head.dropFirst(skipped) { advance(byte) }
        head.removeAll(keepingCapacity: true)
    }

    private mutating func endLine() {
        guard !isEmpty else { return }
        if isHead { flushHead() }
        normaliser.endLine { _ in }
        advance(0x20)
        let slot = kept % Self.keptLines
        swap(&ring[slot].bytes, &raw)
        raw.removeAll(keepingCapacity: true)
        ring[slot].number = lineCount + 1
        ring[slot].isCut = !rawEnd.isEmpty
        ring[slot].start = lineStart
        kept += 1
        if !matches.isEmpty { record() }
        rawEnd.removeAll(keepingCapacity: true)
        lineStart = position
        isEmpty = true
        isHead = true
    }

    /// Where the line being read begins, in normalised bytes.
    private var lineStart = 0

    private mutating func advance(_ byte: UInt8) {
        // Lines that are all prefix leave their ends behind.
        if byte == 0x20 && isAfterSpace { return }
        isAfterSpace = byte == 0x20
        if !waiting.isEmpty {
            let words = waiting
            waiting.removeAll(keepingCapacity: true)
            if !(0x30...0x39).contains(byte) { for word in words { met(word) } }
        }
        position += 1
        state = index.automaton.step(state, byte)
        guard index.automaton.ends(state) else { return }
        for word in index.automaton.words(state) {
            if index.endsInDigit[word] { waiting.append(word) } else { met(word) }
        }
    }

    /// A piece ends at `position`. Each pattern that it belongs to gets one piece further, or begins.
    private mutating func met(_ word: Int) {
        let start = position - index.lengths[word]
        for place in index.places[word] {
            var first = start
            if place.piece > 0 {
                let before = ends[place.slot - 1]
                guard before >= 0, before <= start, start - before <= index.patterns[place.pattern].reach else {
                    continue
                }
                first = starts[place.slot - 1]
            }
            starts[place.slot] = first
            ends[place.slot] = position
            if place.isLast { matched(place.pattern, from: first) }
        }
    }

    private mutating func matched(_ pattern: Int, from start: Int) {
        switch index.meanings[pattern] {
        case .success(let area): successes[area] = position
        case .kind(let kind): kinds[kind, default: 0] += 1
        case .entry(let entry):
            var known = hits[entry] ?? Hits()
            known.last = position
            // Two wordings of an entry in one line are one place.
            if known.line != kept {
                known.line = kept
                known.count += 1
                if known.first.count < Explainer.places {
                    let excerpt = rawEnd.isEmpty ? nil : Array(rawEnd.suffix(Self.lineEnd))
                    matches.append(Match(entry: entry, pattern: pattern, start: start, excerpt: excerpt))
                }
            }
            hits[entry] = known
        }
    }

    /// Keeps the lines of the matches that end in the line that just ended.
    private mutating func record() {
        for match in matches {
            var first = kept - 1
            let oldest = max(0, kept - Self.keptLines)
            while first > oldest, ring[first % Self.keptLines].start > match.start { first -= 1 }
            first = max(first, kept - Explainer.linesOfPlace)
            let lines = (first..<kept).map { number -> Line in
                let line = ring[number % Self.keptLines]
                guard number == kept - 1, let excerpt = match.excerpt else {
                    return Line(number: line.number, text: Self.text(line))
                }
                return Line(number: line.number, text: "…" + Self.text(excerpt))
            }
            hits[match.entry]?.first.append(Hit(entry: match.entry, pattern: match.pattern, lines: lines))
        }
        matches.removeAll(keepingCapacity: true)
    }

    private static func text(_ line: Kept) -> String {
        text(line.bytes) + (line.isCut ? "…" : "")
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
    }
}
