/// Finds the documents in a stream, in one pass, by their content alone: of different kinds, one after another, with prompts,
/// banners and complaints between them.
///
/// It holds what the document at hand needs, 32 MiB at most; one that is longer is cut there. Rows of CSV, dmon and pmon are
/// documents of their own where asked for, below the headings that they belong to: such a loop has no end to wait for.
public struct DocumentSplitter: Sendable {
    /// The longest document.
    public static let longestDocument = 32 << 20

    /// Lines since the last document that are part of none.
    private(set) var junk: Junk?
    /// The first line that says something, for the message that nothing was recognised.
    private(set) var firstSaid: Junk?

    /// Whether headings were seen whose rows are given one by one; there may be none.
    private(set) var hasHeadings = false

    private let only: OutputKind?
    private let givesRows: Bool
    private var lines = CleanLines()
    private var buffer: [UInt8] = []
    private var scanned = 0
    private var nextLine = 1
    private var open: OpenDocument?
    /// Where lines begin that can belong to the next document: a time, a border, "deviceQuery Starting...".
    private var prelude: (start: Int, line: Int)?
    private var found: [OutputDocument] = []

    /// How many bytes it holds.
    var held: Int { buffer.count }

    /// A splitter.
    ///
    /// - Parameters:
    ///   - kind: takes everything for this kind and looks for no other.
    ///   - rows: whether each row of CSV, dmon and pmon is given as soon as it is there, below its headings.
    public init(only kind: OutputKind? = nil, rows: Bool = false) {
        only = kind
        givesRows = rows
    }

    /// Takes the next bytes, cut anywhere.
    ///
    /// - Returns: the documents that ended with them.
    public mutating func push(_ bytes: some Sequence<UInt8>) -> [OutputDocument] {
        add(lines.push(bytes))
        return take()
    }

    /// Takes the end of the stream.
    ///
    /// - Returns: the documents that ended with it.
    public mutating func finish() -> [OutputDocument] {
        add(lines.finish())
        close()
        return take()
    }

    private mutating func take() -> [OutputDocument] {
        defer { found = [] }
        return found
    }

    private mutating func add(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        // What is no longer needed goes first.
        let needed = min(open?.start ?? scanned, prelude?.start ?? scanned)
        if needed > 0 {
            buffer.removeFirst(needed)
            move(by: needed)
        }
        if buffer.isEmpty { buffer = bytes } else { buffer += bytes }
        scan(ByteText(clean: buffer))
    }

    private mutating func move(by distance: Int) {
        scanned -= distance
        open?.start -= distance
        open?.end -= distance
        prelude?.start -= distance
    }

    private mutating func scan(_ text: ByteText) {
        var lines = text.lines(of: scanned..<text.whole.upperBound, from: nextLine)
        while let line = lines.next() {
            var piece = line.piece
            // A document can end within a line, and another begin.
            while let rest = look(at: piece, line.number, text) { piece = rest }
            if let start = open?.start, line.piece.upperBound - start > Self.longestDocument {
                close(text, because: Self.tooLong)
            }
            if let start = open?.start, open?.isInElement == true,
                let end = lines.skipElements(limit: start + Self.longestDocument)
            {
                prelude = nil
                open?.end = end
                open?.lastLine = lines.number
            }
            nextLine = lines.number + 1
        }
        scanned = text.whole.upperBound
    }

    private static let tooLong = "the document has more than \(longestDocument >> 20) MiB"

    // MARK: - One line

    /// Looks at a line, or what is left of it. Gives what the document that ended within it left.
    private mutating func look(at line: ByteText.Piece, _ number: Int, _ text: ByteText) -> ByteText.Piece? {
        if firstSaid == nil, !text.trimmed(line).isEmpty {
            firstSaid = Junk(line: number, text: text.cut(text.trimmed(line)))
        }
        let opening = opening(line, text)
        if let opening, begins(opening) {
            let complaints = complaints(before: opening)
            close(text)
            return begin(opening, at: line, number, text, complaints)
        }
        guard open != nil else {
            idle(line, number, text)
            return nil
        }
        guard var verdict = open?.look(at: line, in: text) else { return nil }
        // What could begin one of the kind belongs to it.
        if case .foreign = verdict, opening?.kind == open?.kind { verdict = .own }
        return settle(verdict, line, number, text)
    }

    private func opening(_ line: ByteText.Piece, _ text: ByteText) -> LineOpening? {
        if open?.isNested == true {
            // Only what begins in the first column, and never an element.
            guard let first = line.first, !ByteText.isBlank(text[first]) else { return nil }
            if text[first] == UInt8(ascii: "<"), open?.kind == .smiXML, !text.starts(line, with: "<?xml") { return nil }
        }
        if let first = text.trimmed(line).first, text[first] == UInt8(ascii: "{") {
            return only == nil || only == .gpuProbe || only == .nvbandwidth ? LineOpening(.gpuProbe) : nil
        }
        guard let opening = LineOpening.of(line, in: text), only == nil || opening.kind == only else { return nil }
        return opening
    }

    private func begins(_ opening: LineOpening) -> Bool {
        guard let kind = open?.kind else { return true }
        if open?.isNested == true {
            // A document that is open has no line of its own that reads like a title; a brace in JSON it may have.
            return opening.isTitle && (opening.kind != .gpuProbe || kind != .gpuProbe)
        }
        if kind != opening.kind {
            // Rows that tell by themselves do not end what is no CSV, nor do complaints about one GPU end its table.
            return opening.kind != .smiCSV || opening.isTitle
        }
        return opening.isTitle
    }

    /// The document that was open, where it is nothing but complaints about single GPUs, as warnings of the one that begins.
    private mutating func complaints(before opening: LineOpening) -> [ReadingWarning] {
        guard opening.kind.isOfSMI, let errors = open, errors.kind == .smiError, errors.foreign == nil, junk == nil,
            errors.otherFailures == 0
        else { return [] }
        open = nil
        return errors.complaints
    }

    private mutating func begin(
        _ opening: LineOpening, at line: ByteText.Piece, _ number: Int, _ text: ByteText, _ complaints: [ReadingWarning]
    ) -> ByteText.Piece? {
        var document = OpenDocument(kind: opening.kind, start: line.lowerBound, line: number, columns: opening.columns)
        if let prelude, opening.kind == .smiTable || opening.kind == .deviceQuery {
            document.start = prelude.start
            document.firstLine = prelude.line
        }
        prelude = nil
        document.warnings = complaints
        let verdict = document.begin(with: line, in: text)
        open = document
        return settle(verdict, line, number, text)
    }

    private mutating func settle(
        _ verdict: OpenDocument.Verdict, _ line: ByteText.Piece, _ number: Int, _ text: ByteText
    ) -> ByteText.Piece? {
        // In place: a copy of what is open for each line would take more time than all else here.
        guard let kind = open?.kind else { return nil }
        switch verdict {
        case .own:
            let said = text.trimmed(line)
            if !said.isEmpty {
                if open?.foreign != nil { open?.endForeign() }
                // What looked like the beginning of another was none, unless it goes on as such.
                if prelude != nil, !text.starts(said, with: "+---") { prelude = nil }
                open?.end = line.upperBound
                open?.lastLine = number
                if kind == .smiError { open?.note(line, number, text) }
            }
            if givesRows, kind.hasRows { giveRow(line, number, text) }
        case .foreign:
            // A time may be the beginning of the next.
            if notePrelude(line, number, text) { return nil }
            var foreign = open?.foreign
            note(&foreign, line, number, text)
            open?.foreign = foreign
            if (foreign?.lines ?? 0) > OpenDocument.mostForeign { close(text) }
        case .last(let end):
            open?.end = end
            open?.lastLine = number
            open?.endForeign()
            close(text, atEnd: true)
            let rest = end..<line.upperBound
            return text.trimmed(rest).isEmpty ? nil : rest
        case .mistaken:
            open = nil
            idle(line, number, text)
        }
        return nil
    }

    /// A line outside of all documents.
    private mutating func idle(_ line: ByteText.Piece, _ number: Int, _ text: ByteText) {
        guard !text.trimmed(line).isEmpty else { return }
        if notePrelude(line, number, text) || Self.isEpilogue(text.trimmed(line), text) { return }
        prelude = nil
        note(&junk, line, number, text)
    }

    private func note(_ junk: inout Junk?, _ line: ByteText.Piece, _ number: Int, _ text: ByteText) {
        if junk == nil {
            junk = Junk(line: number, text: text.cut(text.trimmed(line)))
        } else {
            junk?.lines += 1
        }
    }

    private mutating func notePrelude(_ line: ByteText.Piece, _ number: Int, _ text: ByteText) -> Bool {
        let said = text.trimmed(line)
        guard text.starts(said, with: "+---") || text.ends(said, with: "Starting...") || Self.isTime(said, text) else {
            return false
        }
        // A few lines at most: what is remembered is kept.
        if prelude.map({ number - $0.line > 8 }) ?? true { prelude = (line.lowerBound, number) }
        return true
    }

    /// What the samples and nvbandwidth say behind their end.
    private static func isEpilogue(_ said: ByteText.Piece, _ text: ByteText) -> Bool {
        text.starts(said, with: "NOTE: The ") || text.starts(said, with: "Press ENTER to exit")
    }

    /// "Thu Mar 15 01:32:42 2018"
    private static func isTime(_ said: ByteText.Piece, _ text: ByteText) -> Bool {
        guard (20...40).contains(said.count) else { return false }
        let words = text.words(said, most: 6)
        guard words.count == 5, words[0].count == 3, let year = text.integer(words[4]) else { return false }
        return (2000...9999).contains(year) && words[3].count == 8 && text[words[3].lowerBound + 2] == UInt8(ascii: ":")
    }

    // MARK: - Rows and ends

    /// Gives a row below its headings.
    private mutating func giveRow(_ line: ByteText.Piece, _ number: Int, _ text: ByteText) {
        guard var document = open else { return }
        let isHeading =
            document.kind == .smiCSV
            ? number == document.firstLine && CSVLine.headerColumns(text.trimmed(line), text) != nil
            : text.trimmed(line).first.map { text[$0] == UInt8(ascii: "#") } ?? true
        if isHeading {
            // dmon repeats its two lines.
            if document.headingLines >= 2 { (document.headings, document.headingLines) = ([], 0) }
            document.headings += text.bytes[line] + [0x0a]
            document.headingLines += 1
            hasHeadings = true
        } else if !text.trimmed(line).isEmpty {
            found.append(
                OutputDocument(
                    kind: document.kind, line: number, bytes: document.headings + text.bytes[line] + [0x0a],
                    warnings: takeJunk() + document.warnings, lineOffset: number - document.headingLines - 1))
            document.warnings = []
        }
        document.start = line.upperBound
        document.end = line.upperBound
        open = document
    }

    private mutating func takeJunk() -> [ReadingWarning] {
        defer { junk = nil }
        return junk.map { [$0.warning] } ?? []
    }

    private mutating func close() { close(ByteText(clean: buffer)) }

    /// Ends the open document behind its last own line.
    private mutating func close(_ text: ByteText, because reason: String? = nil, atEnd: Bool = false) {
        guard var document = open else { return }
        open = nil
        if givesRows, document.kind.hasRows {
            junk = document.foreign ?? junk
            return
        }
        // One name alone is a header only above rows: lists of names are no CSV.
        if document.kind == .smiCSV, document.columns == 1, only == nil, document.lastLine == document.firstLine {
            note(&junk, document.start..<document.end, document.firstLine, text)
            return
        }
        if let reason { document.warnings.append(.init(line: document.lastLine, problem: reason)) }
        // A table's border and time may already be the next one's.
        if let prelude, prelude.start > document.start, prelude.start < document.end { document.end = prelude.start }
        let bytes = Array(text.bytes[document.start..<max(document.start, document.end)])
        if document.kind == .gpuProbe {
            guard let kind = Self.kindOfJSON(bytes) else {
                note(&junk, document.start..<min(document.end, document.start + 200), document.firstLine, text)
                return
            }
            document.kind = kind
        }
        found.append(
            OutputDocument(
                kind: document.kind, line: document.firstLine, bytes: bytes,
                warnings: takeJunk() + document.warnings, isCut: !atEnd && document.lacksEnd,
                lineOffset: document.firstLine - 1))
        junk = document.foreign
    }

    private static func kindOfJSON(_ bytes: [UInt8]) -> OutputKind? {
        let text = ByteText(clean: bytes)
        let head = 0..<min(bytes.count, 64 << 10)
        if text.has("\"gpu_probe\"", in: head) { return .gpuProbe }
        return text.has("\"nvbandwidth\"", in: head) ? .nvbandwidth : nil
    }
}
