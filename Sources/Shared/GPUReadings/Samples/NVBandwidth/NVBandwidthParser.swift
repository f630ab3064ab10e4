/// Goes through the lines of nvbandwidth's text.
struct NVBandwidthParser {
    private let text: ByteText
    private var reading = NVBandwidthReading()
    /// Whether something was seen that only nvbandwidth prints.
    private(set) var recognised = false
    private var current: NVBandwidthReading.TestCase?
    /// Whether there is a current one, which costs nothing to ask.
    private var isInTest = false
    private var hasSum = false
    /// The line before this one, which names the host where devices follow.
    private var before: ByteText.Piece?
    private var lastLine = 1

    init(_ text: ByteText) { self.text = text }

    mutating func add(_ line: ByteLines.Line, _ warnings: inout WarningList) {
        let piece = text.trimmed(line.piece)
        guard let first = piece.first.map({ text[$0] }) else { return }
        lastLine = line.number
        if ByteText.isDigit(first) {
            if isInTest, !hasSum { addRow(piece) }
        } else if isSummary(piece) {
            current?.summary = text.cut(piece)
        } else if !addHead(piece, first), !addFigure(piece, first), !addTrouble(piece, first) {
            before = piece
        }
    }

    /// "memcpy CE CPU(row) -> GPU(column) bandwidth (GB/s)", "memory latency SM CPU(row) <-> GPU(column) (ns)"
    private func isSummary(_ piece: ByteText.Piece) -> Bool {
        guard isInTest else { return false }
        return text.ends(piece, with: "B/s)") || text.ends(piece, with: "(ns)") || text.ends(piece, with: "GB/s")
    }

    mutating func finished(_ warnings: inout WarningList) -> NVBandwidthReading {
        if let current, current.status == .unknown, current.matrix.isEmpty {
            warnings.add(lastLine, current.name, "the output ends within a test case")
        }
        finish()
        return reading
    }

    /// Versions, devices, the beginning of a test case.
    private mutating func addHead(_ piece: ByteText.Piece, _ first: UInt8) -> Bool {
        switch first {
        case UInt8(ascii: "R"):
            guard let rest = text.after("Running ", in: piece), text.ends(rest, with: UInt8(ascii: ".")),
                text.find(UInt8(ascii: " "), in: rest) == nil
            else { return false }
            recognised = true
            finish()
            isInTest = true
            current = .init(
                name: text.cut(rest.lowerBound..<rest.upperBound - 1), status: .unknown, summary: nil, matrix: [])
        case UInt8(ascii: "D"):
            if let rest = text.after("Driver Version:", in: piece) {
                reading.driverVersion = text.cut(rest)
            } else if let rest = text.after("Device ", in: piece), let (number, name) = numbered(rest) {
                addDevice(.init(number: number, described: name, in: text))
            } else {
                return false
            }
        case UInt8(ascii: "P"): return addProcess(piece)
        case UInt8(ascii: "n"):
            guard let rest = text.after("nvbandwidth Version:", in: piece) else { return false }
            recognised = true
            reading.version = text.cut(rest)
        case UInt8(ascii: "C"):
            if let rest = text.after("CUDA Runtime Version:", in: piece) {
                reading.runtimeVersion = text.integer(rest).map(NVBandwidthReading.release)
            } else if let rest = text.after("CUDA Driver Version:", in: piece) {
                reading.cudaVersion = text.integer(rest).map(NVBandwidthReading.release)
            } else {
                return false
            }
        default: return false
        }
        return true
    }

    /// "Process 0 (host): device 1: NVIDIA GB200 (00000008:01:00)"
    private mutating func addProcess(_ piece: ByteText.Piece) -> Bool {
        guard let rest = text.after("Process ", in: piece),
            let (process, described) = text.halves(rest, at: "): device "),
            let (rank, host) = text.halves(process, at: " ("), let (number, name) = numbered(described)
        else { return false }
        var device = NVBandwidthReading.Device(number: number, described: name, in: text)
        device.process = text.integer(text.trimmed(rank))
        device.host = text.cut(host)
        addDevice(device)
        return true
    }

    /// "0: NVIDIA A10"
    private func numbered(_ piece: ByteText.Piece) -> (Int, ByteText.Piece)? {
        guard let (number, name) = text.halves(piece, at: ": "), let value = text.integer(number) else { return nil }
        return (value, name)
    }

    private mutating func addDevice(_ device: NVBandwidthReading.Device) {
        // 0.8 prints the host's name alone in the line above.
        if reading.devices.isEmpty, device.host == nil, let before, reading.driverVersion != nil,
            text.words(before, most: 2).count == 1, !text.has(":", in: before)
        {
            reading.host = text.cut(before)
        }
        if reading.devices.count < NVBandwidthReading.mostRows { reading.devices.append(device) }
    }

    /// "SUM host_to_device_memcpy_ce 1985.60", and MIN, MAX and AVG, which --verbose adds.
    private mutating func addFigure(_ piece: ByteText.Piece, _ first: UInt8) -> Bool {
        for (index, label) in Self.figures.enumerated() {
            guard let rest = text.after(label, in: piece) else { continue }
            var value = rest
            guard let word = text.nextWord(&value), let name = current?.name, text.equals(word, text: name),
                let figure = text.measure(value).flatMap({ text.decimal($0.number) })
            else { return false }
            switch index {
            case 0: current?.minimum = figure
            case 1: current?.maximum = figure
            case 2: current?.average = figure
            default:
                hasSum = true
                current?.sum = figure
                current?.status = .passed
            }
            return true
        }
        return false
    }

    private static let figures: [StaticString] = ["MIN ", "MAX ", "AVG ", "SUM ", "&&&& PERF "]

    private mutating func addTrouble(_ piece: ByteText.Piece, _ first: UInt8) -> Bool {
        if first == UInt8(ascii: "W"), text.starts(piece, with: "Waived") {
            if current?.status == .unknown, current?.matrix.isEmpty == true {
                current?.status = .waived
            } else {
                reading.waivedUnnamed += 1
            }
        } else if text.starts(piece, with: "Warning:") {
            if reading.notes.count < NVBandwidthReading.mostErrors { reading.notes.append(text.cut(piece)) }
        } else if text.has("ERROR", in: piece) || text.starts(piece, with: "[CUDA") || text.starts(piece, with: "[NVML")
            || text.starts(piece, with: "[CU_") || text.starts(piece, with: "Error:")
        {
            recognised = recognised || text.has("Testcase", in: piece)
            if reading.errors.count < NVBandwidthReading.mostErrors { reading.errors.append(text.cut(piece)) }
            if isInTest, !hasSum { current?.status = .failed }
        } else {
            return false
        }
        return true
    }

    /// " 0    369.36    269.33": the row's number and its figures. The line of column numbers is none: it begins with
    /// two whole numbers, or is one alone.
    private mutating func addRow(_ piece: ByteText.Piece) {
        var rest = piece
        guard let label = text.nextWord(&rest), text.integer(label) != nil else { return }
        var row: [Double?] = []
        while row.count < NVBandwidthReading.mostRows, let word = text.nextWord(&rest) {
            if text.equals(word, "N/A") {
                row.append(nil)
            } else {
                guard text.find(UInt8(ascii: "."), in: word) != nil, let figure = text.decimal(word) else { return }
                row.append(figure)
            }
        }
        guard !row.isEmpty, (current?.matrix.count ?? 0) < NVBandwidthReading.mostRows else { return }
        current?.matrix.append(row)
    }

    private mutating func finish() {
        if let done = current, reading.testCases.count < NVBandwidthReading.mostTestCases {
            reading.testCases.append(done)
        }
        current = nil
        isInTest = false
        hasSum = false
    }
}
