/// The columns of dmon or pmon, by their heading.
struct MonitorColumns {
    enum Meaning {
        case date, time, gpu
        /// A fact of the GPU or MIG device, or of the program in pmon.
        case fact(Int, FactKind)
        case other
    }

    struct Column {
        var label: String
        var meaning: Meaning
        /// As the second line of the heading has it, where the fact knows it.
        var unit: UInt64 = 0
    }

    /// What a row's cell is, without a word: it is looked at for each cell.
    struct Step {
        var meaning: Meaning
        var unit: UInt64 = 0
    }

    var columns: [Column] { didSet { steps = columns.map { .init(meaning: $0.meaning, unit: $0.unit) } } }
    private(set) var steps: [Step] = []
    /// Whether commas are between the cells.
    var isCSV: Bool
    /// Whether rows are of programs.
    let isOfProcesses: Bool
    /// Whether rows can be of MIG devices.
    let isOfInstances: Bool

    private static let mostColumns = 128
    private static let labels: (devices: LabelTable<Int>, processes: LabelTable<Int>) = {
        var devices: [(String, Int)] = []
        var processes: [(String, Int)] = []
        for (index, row) in FactTable.shared.rows.enumerated() {
            for place in row.places[FactTable.Column.monitor.rawValue - FactTable.Column.xml.rawValue] {
                if place.utf8.first == UInt8(ascii: "#") {
                    processes.append((String(place.dropFirst()), index))
                } else {
                    devices.append((place, index))
                }
            }
        }
        // Of MIG devices, with --gpm-options=m.
        devices += [("gi", GPUFact.gpuInstanceID.rawValue), ("ci", GPUFact.computeInstanceID.rawValue)]
        return (LabelTable(devices), LabelTable(processes))
    }()

    /// From the first line of a heading, "# gpu    pwr  gtemp", "#Date       Time        gpu    pid", "#gpu, pwr"; nil where
    /// the line is none.
    init?(_ line: ByteText.Piece, in text: ByteText) {
        isCSV = text.find(UInt8(ascii: ","), in: line) != nil
        let cells = Self.cells(line.lowerBound + 1..<line.upperBound, isCSV, text)
        guard cells.count > 1, cells.contains(where: { text.equals($0, "gpu") }) else { return nil }
        let isOfProcesses = cells.contains { text.equals($0, "pid") }
        self.isOfProcesses = isOfProcesses
        isOfInstances = cells.contains { text.equals($0, "gi") }
        columns = cells.map { cell in
            var column = Column(label: text.cut(cell), meaning: .other)
            let table = isOfProcesses ? Self.labels.processes : Self.labels.devices
            if text.equals(cell, "gpu") {
                column.meaning = .gpu
            } else if text.equals(cell, "Date") {
                column.meaning = .date
            } else if text.equals(cell, "Time") {
                column.meaning = .time
            } else if let fact = table.value(cell, in: text) {
                column.meaning = .fact(fact, FactTable.shared.rows[fact].kind)
            }
            return column
        }
        steps = columns.map { .init(meaning: $0.meaning, unit: $0.unit) }
    }

    /// The facts that a row has, and the GPU's number.
    var facts: [Int] {
        [GPUFact.index.rawValue]
            + columns.compactMap { if case .fact(let fact, _) = $0.meaning { fact } else { nil } }
    }

    /// Takes the units of the second line, "# Idx      W      C"; false where it is none.
    mutating func addUnits(_ line: ByteText.Piece, in text: ByteText) -> Bool {
        let cells = Self.cells(line.lowerBound + 1..<line.upperBound, isCSV, text)
        guard cells.count == columns.count, cells.contains(where: { text.equals($0, "Idx") }) else { return false }
        for index in columns.indices {
            guard case .fact(_, let kind) = columns[index].meaning,
                let unit = FactUnit.packed(text.bytes, cells[index]), kind.factor(unit) != nil
            else { continue }
            columns[index].unit = unit
        }
        return true
    }

    /// The cells of a line of a heading.
    private static func cells(_ piece: ByteText.Piece, _ isCSV: Bool, _ text: ByteText) -> [ByteText.Piece] {
        guard isCSV else { return text.words(piece, most: mostColumns) }
        var rest: ByteText.Piece? = piece
        var cells: [ByteText.Piece] = []
        while cells.count < mostColumns, let cell = text.nextField(&rest, separator: UInt8(ascii: ",")) {
            cells.append(text.trimmed(cell))
        }
        return cells
    }
}
