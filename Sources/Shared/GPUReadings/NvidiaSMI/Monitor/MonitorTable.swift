/// The rows of dmon or pmon, as cells: a sample becomes GPUs only when it is asked for, so that hours of samples take no more
/// than a few times the memory of their text.
struct MonitorTable: Sendable {
    struct Row {
        /// Which heading it stands under.
        var columns: Int
        /// Its first cell; it has as many as there are columns.
        var cells: Int
        /// The GPU's number.
        var gpu: Int
    }

    private let text: ByteText
    private var headings: [MonitorColumns] = []
    /// For each heading an empty store with room for its facts, which is what a row needs.
    private var stores: [FactStore] = []
    private var rows: [Row] = []
    /// Texts are pieces of the document here.
    private var cells: [FactStore.Cell] = []
    /// The rows of each sample: of one moment.
    private var samples: [Range<Int>] = []

    /// Texts are told by two numbers of 32 bits.
    private static let mostBytes = Int(UInt32.max)

    var count: Int { samples.count }

    /// Reads the document.
    init(
        _ text: ByteText, ofProcesses: Bool, expected: String, warnings: inout WarningList
    ) throws(ReadingError) {
        guard text.bytes.count < Self.mostBytes else {
            throw ReadingError(expected, text, problem: "it has more than \(Self.mostBytes) bytes")
        }
        self.text = text
        var reader = Reader()
        for line in text.lines {
            let piece = text.trimmed(line.piece)
            guard let first = piece.first else { continue }
            if text[first] == UInt8(ascii: "#") {
                addHeading(piece, ofProcesses, &reader)
            } else if headings.isEmpty || !add(piece, line.number, &reader, &warnings) {
                warnings.add(line.number, nil, "this is no row of its columns")
            }
        }
        guard !headings.isEmpty else { throw ReadingError(expected, text, problem: "there is no heading") }
        samples.append(reader.start..<rows.count)
        if samples.last?.isEmpty == true { samples.removeLast() }
    }

    /// What is remembered from row to row.
    private struct Reader {
        /// First row of the current sample.
        var start = 0
        /// What the rows of the current sample are of.
        var seen: Set<Int> = []
        var lastGPU = Int.min
        var lastTime: ByteText.Piece?
        /// The last two lines of headings.
        var headings: [ByteText.Piece] = []
    }

    private mutating func addHeading(_ piece: ByteText.Piece, _ ofProcesses: Bool, _ reader: inout Reader) {
        // It is repeated each 20 lines or so.
        if reader.headings.contains(where: { text.bytes[$0] == text.bytes[piece] }) { return }
        reader.headings = [piece] + reader.headings.prefix(1)
        if let columns = MonitorColumns(piece, in: text), columns.isOfProcesses == ofProcesses {
            if headings.last?.columns.map(\.label) != columns.columns.map(\.label) {
                headings.append(columns)
                stores.append(FactStore(for: columns.facts))
            }
        } else if !headings.isEmpty {
            _ = headings[headings.count - 1].addUnits(piece, in: text)
        }
    }

    /// Adds a row; false where the line is none.
    private mutating func add(
        _ piece: ByteText.Piece, _ number: Int, _ reader: inout Reader, _ warnings: inout WarningList
    ) -> Bool {
        let heading = headings.count - 1
        let layout = headings[heading]
        let (steps, isCSV) = (layout.steps, layout.isCSV)
        let first = cells.count
        var rest: ByteText.Piece? = piece
        var words = piece
        var gpu: Int?
        var key = 0
        var time: ByteText.Piece?
        var unreadable = false
        for index in steps.indices {
            let step = steps[index]
            var next: ByteText.Piece?
            if isCSV {
                next = text.nextField(&rest, separator: UInt8(ascii: ",")).map { text.trimmed($0) }
            } else if index == steps.count - 1, layout.isOfProcesses {
                // A command has blanks in it.
                next = text.trimmed(words)
            } else {
                next = text.nextWord(&words)
            }
            guard let cell = next else {
                cells.removeLast(cells.count - first)
                return false
            }
            switch step.meaning {
            case .gpu:
                gpu = text.integer(cell)
                cells.append(.init())
            case .fact(_, .text):
                cells.append(
                    FactStore.reason(text.bytes, cell).map { .init(state: $0) } ?? Self.textCell(.text, cell))
            case .fact(let fact, let kind):
                let value =
                    FactStore.number(kind, text.bytes, cell, unit: step.unit)
                    ?? FactStore.reason(text.bytes, cell).map { .init(state: $0) }
                    ?? FactStore.flag(kind, text.bytes, cell) ?? other(fact, kind, cell)
                unreadable = unreadable || value.state == .unreadable
                if fact <= GPUFact.pid.rawValue, value.state == .integer {
                    key = key &* 31 &+ Int(truncatingIfNeeded: value.bits) &+ 1
                }
                cells.append(value)
            case .time:
                time = cell
                cells.append(Self.textCell(.text, cell))
            case .date, .other: cells.append(Self.textCell(.text, cell))
            }
        }
        guard let gpu else {
            cells.removeLast(cells.count - first)
            return false
        }
        if unreadable { warn(first, layout.columns, number, &warnings) }
        if begins(gpu, key, time, &reader) {
            if rows.count > reader.start { samples.append(reader.start..<rows.count) }
            reader.start = rows.count
        }
        rows.append(Row(columns: heading, cells: first, gpu: gpu))
        return true
    }

    /// The cell of a fact that is no number, or of a text that is none.
    private func other(_ fact: Int, _ kind: FactKind, _ piece: ByteText.Piece) -> FactStore.Cell {
        var scratch = FactStore()
        scratch.offer(fact, kind, text.bytes, piece)
        let cell = scratch.cell(fact)
        return cell.texts == nil ? cell : Self.textCell(cell.state, piece)
    }

    private static func textCell(_ state: FactStore.Cell.State, _ piece: ByteText.Piece) -> FactStore.Cell {
        .init(state: state, bits: UInt64(piece.lowerBound) << 32 | UInt64(piece.upperBound))
    }

    private func warn(
        _ first: Int, _ columns: [MonitorColumns.Column], _ number: Int, _ warnings: inout WarningList
    ) {
        for (index, column) in columns.enumerated() where cells[first + index].state == .unreadable {
            warnings.add(number, column.label, "the value cannot be read")
        }
    }

    /// Whether a row begins another sample: its time is another, or it is of something that the current one has already.
    private func begins(_ gpu: Int, _ key: Int, _ time: ByteText.Piece?, _ reader: inout Reader) -> Bool {
        let isLater: Bool
        if let time, let last = reader.lastTime {
            isLater = !text.bytes[time].elementsEqual(text.bytes[last])
        } else {
            isLater = gpu < reader.lastGPU
        }
        reader.lastTime = time
        reader.lastGPU = gpu
        let (isNew, _) = reader.seen.insert(key &* 1_000_003 &+ gpu)
        guard isLater || !isNew else { return false }
        reader.seen.removeAll(keepingCapacity: true)
        reader.seen.insert(key &* 1_000_003 &+ gpu)
        return true
    }

    // MARK: - Samples

    func sample(_ index: Int) -> MonitorSample {
        var sample = MonitorSample()
        var lastGPU: Int?
        for row in rows[samples[index]] {
            let heading = headings[row.columns]
            if lastGPU != row.gpu {
                lastGPU = row.gpu
                sample.gpus.append(GPUReading(number: row.gpu))
            }
            let last = sample.gpus.count - 1
            var facts = FactStore(like: stores[row.columns])
            for (number, column) in heading.columns.enumerated() {
                let cell = cells[row.cells + number]
                switch column.meaning {
                case .gpu: break
                case .date: sample.date = cell.texts.map { text.cut($0) }
                case .time: sample.time = cell.texts.map { text.cut($0) }
                case .other:
                    guard let piece = cell.texts else { continue }
                    sample.gpus[last].other.append(OtherField(path: column.label, text: text.cut(piece)))
                case .fact(let fact, _):
                    put(cell, fact, into: &facts)
                }
            }
            if heading.isOfProcesses {
                // A GPU without programs has a row of hyphens.
                guard facts.cell(GPUFact.pid.rawValue).isValue else { continue }
                var process = GPUProcessReading()
                process.facts = facts
                sample.gpus[last].processes.append(process)
            } else if heading.isOfInstances, facts.cell(GPUFact.gpuInstanceID.rawValue).isValue {
                var device = MIGDeviceReading()
                device.facts = facts
                sample.gpus[last].migDevices.append(device)
            } else {
                facts.put(GPUFact.index.rawValue, sample.gpus[last].facts.cell(GPUFact.index.rawValue))
                sample.gpus[last].facts = facts
            }
        }
        return sample
    }

    private func put(_ cell: FactStore.Cell, _ fact: Int, into facts: inout FactStore) {
        if let piece = cell.texts {
            facts.put(fact, facts.cell(cell.state, text.bytes, piece.prefix(4096)))
        } else {
            facts.put(fact, cell)
        }
    }
}

extension MonitorTable: Equatable {
    /// The same samples.
    static func == (left: MonitorTable, right: MonitorTable) -> Bool {
        left.count == right.count && (0..<left.count).allSatisfy { left.sample($0) == right.sample($0) }
    }
}
