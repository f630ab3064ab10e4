/// Reads the rows of nvidia-smi's CSV, one after the other.
struct SMICSVParser {
    /// The readings of the rows so far; who reads an endless output takes them away.
    var gpus: [GPUReading] = []
    var warnings = WarningList()
    /// Whether a line named the columns.
    private(set) var hasHeader = false

    /// How far back the GPU of a row is looked for: more than a machine has.
    private static let nearby = 64

    private var columns: CSVColumns?
    private var cells: [ByteText.Piece] = []
    /// The last row's, for how much room the next one takes.
    private var (gpu, part): (FactStore, FactStore)

    init(columns names: [String]?) {
        columns = names.map { CSVColumns($0) }
        gpu = columns?.gpu ?? FactStore()
        part = columns?.part ?? FactStore()
    }

    /// The columns, without their units.
    var names: [String] { columns?.names ?? [] }

    /// Reads lines, which are whole; `number` is that of the first.
    mutating func run(_ text: ByteText, from number: Int = 1) {
        var number = number
        var index = 0
        let end = text.bytes.count
        while index < end {
            let start = index
            var cell = index
            cells.removeAll(keepingCapacity: true)
            while index < end {
                let byte = text.bytes[index]
                if byte == UInt8(ascii: ",") {
                    cells.append(cell..<index)
                    cell = index + 1
                } else if byte == 0x0a || byte == 0x0d {
                    break
                }
                index += 1
            }
            cells.append(cell..<index)
            take(start..<index, number, text)
            // As ByteLines does: a run of CR is one line's end.
            while index < end, text.bytes[index] == 0x0d { index += 1 }
            if index < end, text.bytes[index] == 0x0a { index += 1 }
            number += 1
        }
    }

    /// A line whose cells were found.
    private mutating func take(_ line: ByteText.Piece, _ number: Int, _ text: ByteText) {
        if cells.count == 1, text.trimmed(line).isEmpty { return }
        if isHeader(text) { return begin(text) }
        guard let columns else { return }
        let count = columns.names.count
        if cells.count > count, let wide = columns.wide { join(at: wide, count) }
        if count == 1, SMIFailure(text, line) != nil {
            warnings.add(number, "this is an error of nvidia-smi's")
        } else if cells.count == count {
            row(columns, number, text)
        } else {
            warnings.add(number, "the row has \(cells.count) cells, and there are \(count) columns")
        }
    }

    /// Puts the cells together that are one with commas in it.
    private mutating func join(at wide: Int, _ count: Int) {
        let last = wide + cells.count - count
        cells.replaceSubrange(wide...last, with: [cells[wide].lowerBound..<cells[last].upperBound])
    }

    /// A header has names alone, the first of them one that is known; it can come again.
    private func isHeader(_ text: ByteText) -> Bool {
        guard let first = cells.first, CSVColumns.isName(text.bytes, text.trimmed(first)) else { return false }
        return cells.allSatisfy { CSVColumns.looksLikeName(text.bytes, text.trimmed($0)) }
    }

    private mutating func begin(_ text: ByteText) {
        hasHeader = true
        let new = CSVColumns(cells.map { text.string(text.trimmed($0)) })
        gpu = new.gpu
        part = new.part
        columns = new
    }

    private mutating func row(_ columns: CSVColumns, _ number: Int, _ text: ByteText) {
        var facts = FactStore(like: gpu)
        var parts = columns.subject == .gpu ? FactStore() : FactStore(like: part)
        for binding in columns.bindings {
            let cell = cells[binding.column]
            let isReadable =
                binding.isOfGPU
                ? facts.offer(
                    at: binding.slot, binding.kind, rank: binding.rank, text.bytes, cell, unit: binding.unit)
                : parts.offer(
                    at: binding.slot, binding.kind, rank: binding.rank, text.bytes, cell, unit: binding.unit)
            if !isReadable { warnings.add(number, GPUFact(rawValue: binding.fact)?.key, "unreadable") }
        }
        var other: [OtherField] = []
        for column in columns.others {
            let said = FactStore.bare(text.bytes, cells[column])
            if !said.isEmpty { other.append(OtherField(path: columns.names[column], text: text.cut(said))) }
        }
        gpu = facts
        if columns.subject == .gpu {
            var reading = GPUReading()
            reading.facts = facts
            reading.other = other
            gpus.append(reading)
        } else {
            part = parts
            add(parts, to: facts, other, columns.subject)
        }
    }

    /// A process or a page to the GPU that its row names.
    private mutating func add(
        _ part: FactStore, to facts: FactStore, _ other: [OtherField], _ subject: CSVColumns.Subject
    ) {
        var index = gpus.count - 1
        let last = max(0, gpus.count - Self.nearby)
        while index >= last, gpus[index].facts != facts { index -= 1 }
        if index < last {
            var reading = GPUReading()
            reading.facts = facts
            gpus.append(reading)
            index = gpus.count - 1
        }
        gpus[index].other += other
        switch subject {
        case .gpu: break
        case .process: gpus[index].processes.append(GPUProcessReading(part))
        case .accountedProcess: gpus[index].accountedProcesses.append(GPUProcessReading(part))
        case .retiredPage: gpus[index].retiredPages.append(RetiredPageReading(part))
        }
    }
}
