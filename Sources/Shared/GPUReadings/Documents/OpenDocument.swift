/// A document whose beginning was seen and whose end was not.
struct OpenDocument {
    /// What a line is to it.
    enum Verdict {
        /// One of its own.
        case own
        /// None of its own; it may go on behind it.
        case foreign
        /// Its last: it ends with the line, or within it at the given place.
        case last(end: Int)
        /// It was something else all along.
        case mistaken
    }

    var kind: OutputKind
    /// Where it begins in the splitter's buffer, and the number of its first line.
    var start: Int
    var firstLine: Int
    /// Behind its last own line, and that line's number.
    var end: Int
    var lastLine: Int
    var warnings: [ReadingWarning] = []
    /// Lines since then that are not its own.
    var foreign: Junk?
    /// Of nvidia-smi's failures: those about single GPUs, which the output behind them leaves out, and how many others.
    var complaints: [ReadingWarning] = []
    var otherFailures = 0
    /// Columns of CSV, 0 where the caller knows.
    var columns = 0
    /// Lines of headings, where rows stand for themselves.
    var headings: [UInt8] = []
    var headingLines = 0

    private var progress = Progress.start
    private var json = JSONDepth()

    /// How far it is, in those that have parts.
    private enum Progress { case start, body, tail }

    init(kind: OutputKind, start: Int, line: Int, columns: Int = 0) {
        self.kind = kind
        self.start = start
        self.firstLine = line
        self.end = start
        self.lastLine = line
        self.columns = columns
    }

    /// Whether a line that begins in its first column can begin another document; JSON and XML have line ends where they like,
    /// but none of ours has a title of another's in its first column.
    var isNested: Bool { kind == .smiXML || kind == .gpuProbe }

    /// Whether it is between the tags of XML's outermost element.
    var isInElement: Bool { kind == .smiXML && progress == .body }

    /// Whether its end was reached that it should have. Only some have one.
    var lacksEnd: Bool {
        switch kind {
        case .smiXML, .gpuProbe: true
        case .deviceQuery, .bandwidthTest: progress != .tail
        default: false
        }
    }

    /// Lines that may stand between two of its own, before it is taken to have ended.
    static let mostForeign = 64

    // MARK: - Lines

    /// Looks at the next line, which begins no other document.
    mutating func look(at line: ByteText.Piece, in text: ByteText) -> Verdict {
        switch kind {
        case .smiXML: return lookXML(line, text)
        case .gpuProbe: return lookJSON(line, text)
        default: break
        }
        let said = text.trimmed(line)
        guard let first = said.first.map({ text[$0] }) else { return .own }
        let isIndented = line.lowerBound != said.lowerBound
        switch kind {
        case .smiTable: return lookTable(said, first, text)
        case .smiText:
            return isIndented || text.starts(said, with: "GPU ") || text.has(" :", in: said)
                || first == UInt8(ascii: "=")
                ? .own : .foreign
        case .smiCSV:
            if columns < 2 { return CSVLine.isDottedName(said, text) ? .foreign : .own }
            let cells = CSVLine.cells(said, text)
            return cells == columns || (cells > 1 && cells * 2 >= columns) ? .own : .foreign
        case .smiList:
            // "Device does not have or support Nvlink" is of `nvlink --status`.
            return isIndented || text.starts(said, with: "GPU ") || text.has("link", in: said) ? .own : .foreign
        case .smiTopology:
            return isIndented || text.starts(said, with: "GPU") || text.starts(said, with: "NIC")
                || text.starts(said, with: "Legend") || text.starts(said, with: "CPU") || text.starts(said, with: "mlx")
                ? .own : .foreign
        case .smiDeviceMonitor, .smiProcessMonitor:
            return first == UInt8(ascii: "#") || ByteText.isDigit(first) ? .own : .foreign
        case .smiVersion: return text.has(" : ", in: said) ? .own : .foreign
        case .smiError:
            return text.starts(said, with: "NVML library version") || text.starts(said, with: "Please also try")
                || text.starts(said, with: "Make sure") || text.starts(said, with: "installed and running")
                ? .own : .foreign
        case .deviceQuery: return lookDeviceQuery(said, isIndented, text)
        case .bandwidthTest: return lookBandwidthTest(said, first, isIndented, text)
        case .nvbandwidth: return lookBandwidths(said, first, isIndented, text)
        case .lspci:
            // Names may hold anything; hexadecimal lines are of -x.
            return isIndented || text.starts(said, with: "--") || text.has(":\t", in: said)
                || (said.count > 3 && text[said.lowerBound + 2] == UInt8(ascii: ":")
                    && text.hexadecimal(said.lowerBound..<said.lowerBound + 2) != nil)
                ? .own : .foreign
        case .smiXML, .gpuProbe: return .own
        }
    }

    /// Looks at the line with which it begins.
    mutating func begin(with line: ByteText.Piece, in text: ByteText) -> Verdict {
        switch kind {
        case .smiXML, .gpuProbe: return look(at: line, in: text)
        case .deviceQuery:
            // A page may have made one line of all.
            if case .last(let end) = look(at: line, in: text) { return .last(end: end) }
        case .bandwidthTest, .smiTable: _ = look(at: line, in: text)
        default: break
        }
        return .own
    }

    /// Makes a warning of the lines that were not its own, since it goes on behind them.
    mutating func endForeign() {
        if let foreign { warnings.append(foreign.warning) }
        foreign = nil
    }

    /// Keeps a line of failures as the warning that it may become.
    mutating func note(_ line: ByteText.Piece, _ number: Int, _ text: ByteText) {
        let said = text.trimmed(line)
        if text.has("the device handle for", in: said), complaints.count < Self.mostForeign {
            complaints.append(.init(line: number, problem: "nvidia-smi says: \(text.cut(said))"))
        } else {
            otherFailures += 1
        }
    }

    private mutating func lookXML(_ line: ByteText.Piece, _ text: ByteText) -> Verdict {
        var line = line
        if progress == .start {
            if let root = text.find("<nvidia_smi_log", in: line) {
                progress = .body
                line = root.upperBound..<line.upperBound
            } else {
                let said = text.trimmed(line)
                if said.count > 1, text[said.lowerBound] == UInt8(ascii: "<"),
                    (text[said.lowerBound + 1] | 0x20) &- 0x61 < 26
                {
                    return .mistaken
                }
                return .own
            }
        }
        guard let closing = text.find("</nvidia_smi_log>", in: line) else { return .own }
        progress = .tail
        return .last(end: closing.upperBound)
    }

    private mutating func lookJSON(_ line: ByteText.Piece, _ text: ByteText) -> Verdict {
        guard let end = json.walk(line, text) else { return .own }
        progress = .tail
        return .last(end: end)
    }

    /// The table of the programs is the last; its border ends the document.
    private mutating func lookTable(_ said: ByteText.Piece, _ first: UInt8, _ text: ByteText) -> Verdict {
        if first == UInt8(ascii: "+") { return progress == .tail ? .last(end: said.upperBound) : .own }
        guard first == UInt8(ascii: "|") else { return .foreign }
        if progress == .start, text.has("rocesses:", in: said) {
            progress = .body
        } else if progress == .body, text.starts(said, with: "|=") {
            progress = .tail
        }
        return .own
    }

    private mutating func lookDeviceQuery(_ said: ByteText.Piece, _ isIndented: Bool, _ text: ByteText) -> Verdict {
        if text.starts(said, with: "Result = ") || text.starts(said, with: "PASSED")
            || text.starts(said, with: "FAILED")
        {
            progress = .tail
            return .last(end: said.upperBound)
        }
        if said.count > 100, let result = text.find(" Result = ", in: said) {
            progress = .tail
            return .last(end: text.firstWord(result.upperBound..<said.upperBound)?.upperBound ?? result.upperBound)
        }
        // The summary; releases before 5.0 print no result when their output is no terminal.
        if text.starts(said, with: "deviceQuery, CUDA Driver") || text.starts(said, with: "deviceQueryDrv, CUDA Driver")
        {
            progress = .tail
            return .own
        }
        return isIndented || text.starts(said, with: "->") || text.starts(said, with: "Device ")
            || text.starts(said, with: "CUDA") || text.starts(said, with: ">") || text.has(":  ", in: said)
            || text.starts(said, with: "There ") || text.starts(said, with: "Found ")
            || text.starts(said, with: "<") || text.has(") Multiprocessors", in: said)
            || DeviceQueryLabels.shared.field(said, in: text) != nil ? .own : .foreign
    }

    private mutating func lookBandwidthTest(
        _ said: ByteText.Piece, _ first: UInt8, _ isIndented: Bool, _ text: ByteText
    ) -> Verdict {
        if text.starts(said, with: "Result = ") || text.starts(said, with: "PASSED")
            || text.starts(said, with: "FAILED")
        {
            progress = .tail
            return .last(end: said.upperBound)
        }
        // Lines of CSV stand alone where somebody cut them out.
        if text.starts(said, with: "bandwidthTest-"), progress == .start { progress = .tail }
        return isIndented || ByteText.isDigit(first) || first == UInt8(ascii: ".") || text.starts(said, with: "Device ")
            || text.starts(said, with: "->") || text.starts(said, with: "cuda") || text.starts(said, with: "CUDA error")
            || text.ends(said, with: " Mode") || text.has("Bandwidth", in: said) || text.has("bandwidthTest", in: said)
            || text.has("Memory Transfers", in: said) || text.starts(said, with: "Running on") ? .own : .foreign
    }

    private func lookBandwidths(
        _ said: ByteText.Piece, _ first: UInt8, _ isIndented: Bool, _ text: ByteText
    ) -> Verdict {
        let starts: [StaticString] = [
            "SUM ", "Waived", "NOTE", "Device ", "CUDA ", "Driver ", "Built ", "Running ", "ERROR", "MPI", "Process ",
            "Additional ", "Performance ", "[CU", "[NVML",
        ]
        return isIndented || ByteText.isDigit(first) || text.has("B/s)", in: said) || text.has("(ns)", in: said)
            || starts.contains(where: { text.starts(said, with: $0) }) ? .own : .foreign
    }
}

/// How deep in brackets a text of JSON is, outside of its strings.
struct JSONDepth {
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    /// Behind the bracket that closes the outermost one; nil where the line does not.
    mutating func walk(_ line: ByteText.Piece, _ text: ByteText) -> Int? {
        for index in line {
            let byte = text[index]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth <= 0 { return index + 1 }
            default: break
            }
        }
        return nil
    }
}

/// Lines in a row that are no output: how many, and how the first reads.
struct Junk: Sendable {
    var line: Int
    var lines = 1
    var text: String

    /// As a warning about a document beside it.
    var warning: ReadingWarning {
        .init(
            line: line,
            problem: (lines == 1 ? "this line is" : "\(lines) lines from here are")
                + " no output that is known: \"\(text)\"")
    }
}
