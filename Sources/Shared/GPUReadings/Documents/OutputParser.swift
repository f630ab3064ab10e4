/// Reads a stream of outputs, of any of the kinds, as it comes.
///
///     var parser = OutputParser()
///     for chunk in chunks { for output in parser.push(chunk) { use(output.gpus) } }
///     for output in parser.finish() { use(output.gpus) }
public struct OutputParser: Sendable {
    private var splitter: DocumentSplitter
    private let only: OutputKind?
    private let columns: [String]?
    private let isEndless: Bool
    /// The beginning of the stream, as long as nothing was found in it.
    private var unrecognised: [UInt8]? = []
    /// The latest one: lines behind it are said of it.
    private var held: ParsedOutput?

    /// The beginning of what was not recognised is tried on every reader, if it is no longer than this.
    private static let mostUnrecognised = 1 << 20

    /// A parser at the beginning of a stream.
    ///
    /// - Parameters:
    ///   - kind: reads everything as this kind, without looking.
    ///   - columns: the columns of a CSV without a header, as they were asked for (`--query-gpu=…`).
    ///   - isEndless: gives every document as soon as it ends, rows of CSV, dmon and pmon one by one.
    public init(only kind: OutputKind? = nil, columns: [String]? = nil, isEndless: Bool = false) {
        splitter = DocumentSplitter(only: kind, rows: isEndless)
        only = kind
        self.columns = columns
        self.isEndless = isEndless
    }

    /// Whether anything was recognised so far.
    public var hasRecognised: Bool { unrecognised == nil || splitter.hasHeadings }

    /// What was seen, where nothing was recognised: "line 1: "…" begins none of the outputs that are known".
    public var unrecognisedDescription: String {
        guard let first = splitter.firstSaid else { return "there is nothing in it" }
        let sought = only.map { "is no beginning of \($0.rawValue)" } ?? "begins none of the outputs that are known"
        return "line \(first.line): \"\(first.text)\" \(sought)"
    }

    /// Lines behind the last document, which is given already.
    public private(set) var leftover: ReadingWarning?

    /// Takes the next bytes, cut anywhere.
    ///
    /// - Returns: what can be given by now.
    public mutating func push(_ bytes: some Collection<UInt8>) -> [ParsedOutput] {
        if let count = unrecognised?.count, count <= Self.mostUnrecognised {
            unrecognised?.append(contentsOf: bytes.prefix(Self.mostUnrecognised + 1 - count))
        }
        return give(splitter.push(bytes))
    }

    /// Takes the end of the stream.
    ///
    /// - Returns: what is left.
    public mutating func finish() -> [ParsedOutput] {
        var given = give(splitter.finish())
        if !hasRecognised, let whole = unrecognised, whole.count <= Self.mostUnrecognised, let read = tryReaders(whole)
        {
            unrecognised = nil
            return [read]
        }
        if var last = held {
            held = nil
            if let junk = splitter.junk { last.warnings.append(junk.warning) }
            given.append(last)
        } else if hasRecognised {
            leftover = splitter.junk?.warning
        }
        return given
    }

    private mutating func give(_ documents: [OutputDocument]) -> [ParsedOutput] {
        guard !documents.isEmpty else { return [] }
        unrecognised = nil
        var outputs = documents.map { ParsedOutput(reading: $0, columns: columns) }
        guard !isEndless else { return outputs }
        let last = outputs.popLast()
        if let held { outputs.insert(held, at: 0) }
        held = last
        return outputs
    }

    /// Reads as a whole what has no beginning that is known: as the kind that was asked for, or as any whose reader takes it.
    private func tryReaders(_ bytes: [UInt8]) -> ParsedOutput? {
        let text = ByteText(bytes)
        guard let first = splitter.firstSaid else { return nil }
        // Any text is CSV without a header to who is told so.
        for kind in only.map({ [$0] }) ?? OutputKind.allCases.filter({ $0 != .smiCSV }) {
            let document = OutputDocument(kind: kind, line: first.line, bytes: text.bytes, lineOffset: 0)
            let output = ParsedOutput(reading: document, columns: columns)
            if output.error == nil || only != nil { return output }
        }
        return nil
    }
}
