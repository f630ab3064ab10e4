/// Goes through bandwidthTest's lines. A run begins with the title, or with "Running on..." where the title is missing
/// (older samples do not print it), or with a figure in CSV.
struct BandwidthTestParser {
    private let text: ByteText
    private(set) var runs: [BandwidthTestReading] = []
    private var titled = false
    private var direction: BandwidthTestReading.Direction?
    private var hostMemory: BandwidthTestReading.HostMemory?
    private var unit: BandwidthTestReading.Unit?
    private var lastLine = 1

    /// A shmoo has 81 sizes in three directions.
    private static let mostMeasurements = 65_536
    private static let mostRuns = 1024
    private static let mostDevices = 1024

    private static let directions:
        [(table: StaticString, csv: StaticString, direction: BandwidthTestReading.Direction)] = [
            ("Host to Device Bandwidth", "H2D", .hostToDevice),
            ("Device to Host Bandwidth", "D2H", .deviceToHost),
            ("Device to Device Bandwidth", "D2D", .deviceToDevice),
        ]

    init(_ text: ByteText) { self.text = text }

    mutating func add(_ line: ByteLines.Line, _ warnings: inout WarningList) {
        let piece = text.trimmed(line.piece)
        guard let first = piece.first.map({ text[$0] }) else { return }
        lastLine = line.number
        if ByteText.isDigit(first) {
            if !runs.isEmpty { addRow(piece, line, &warnings) }
        } else if let figures = text.after("bandwidthTest-", in: piece) {
            if runs.isEmpty { begin() }
            addCSV(figures, line, &warnings)
        } else if text.starts(piece, with: "[CUDA Bandwidth Test]")
            || (text.starts(piece, with: "[bandwidthTest]") && text.has(" starting", in: piece))
        {
            begin()
            titled = true
        } else if text.starts(piece, with: "Running on...") {
            // Right after a title this is the same run.
            if !titled { begin() }
            titled = false
        } else if !runs.isEmpty {
            addToRun(piece)
        }
    }

    func finished(_ warnings: inout WarningList) -> [BandwidthTestReading] {
        if runs.last?.passed == nil { warnings.add(lastLine, nil, "the output ends before its verdict") }
        return runs
    }

    private mutating func begin() {
        direction = nil
        hostMemory = nil
        unit = nil
        if runs.count < Self.mostRuns { runs.append(BandwidthTestReading()) }
    }

    private mutating func change(_ change: (inout BandwidthTestReading) -> Void) {
        change(&runs[runs.count - 1])
    }

    private mutating func addToRun(_ piece: ByteText.Piece) {
        if let known = Self.directions.first(where: { text.starts(piece, with: $0.table) }) {
            direction = known.direction
            unit = nil
            hostMemory = memory(piece)
        } else if text.ends(piece, with: "Memory Transfers") {
            hostMemory = memory(piece)
        } else if text.starts(piece, with: "Transfer Size (Bytes)") {
            unit = text.has("(GB/s)", in: piece) ? .gigabytesPerSecond : nil
            if text.has("(MB/s)", in: piece) { unit = .megabytesPerSecond }
        } else if let (number, name) = (text.after("Device ", in: piece) ?? text.after("device ", in: piece))
            .flatMap({ text.halves($0, at: ":") }),
            text.integer(number) != nil
        {
            let name = text.cut(text.trimmed(name))
            change { if $0.devices.count < Self.mostDevices { $0.devices.append(name) } }
        } else if let mode = ["Quick", "Range", "Shmoo"].first(where: { text.equals(piece, text: $0 + " Mode") }) {
            change { $0.mode = mode }
        } else if text.starts(piece, with: "Result = PASS") || text.ends(piece, with: "PASSED") {
            change { $0.passed = true }
        } else if text.starts(piece, with: "Result = FAIL") || text.ends(piece, with: "FAILED") {
            change { $0.passed = false }
        } else {
            addFailure(piece)
        }
    }

    /// "33554432   9719.0". Anything else ends the table only where the next one begins.
    private mutating func addRow(
        _ piece: ByteText.Piece, _ line: ByteLines.Line, _ warnings: inout WarningList
    ) {
        guard let direction, let unit else { return }
        var rest = piece
        guard let first = text.nextWord(&rest), let size = text.integer(first), let second = text.nextWord(&rest),
            let figure = text.decimal(second), figure >= 0, text.nextWord(&rest) == nil
        else {
            warnings.add(line.number, nil, "this is no row of sizes and bandwidths")
            return
        }
        add(
            .init(
                direction: direction, hostMemory: hostMemory, transferBytes: Int64(size), printed: figure, unit: unit))
    }

    private mutating func add(_ measurement: BandwidthTestReading.Measurement) {
        change { if $0.measurements.count < Self.mostMeasurements { $0.measurements.append(measurement) } }
    }

    /// "H2D-Pinned, Bandwidth = 12.4 GB/s, Time = 0.00549 s, Size = 68000000 bytes, NumDevsUsed = 1"
    private mutating func addCSV(
        _ piece: ByteText.Piece, _ line: ByteLines.Line, _ warnings: inout WarningList
    ) {
        var rest: ByteText.Piece? = piece
        let kind = text.nextField(&rest, separator: UInt8(ascii: ",")) ?? piece
        var printed: Double?
        var unit: BandwidthTestReading.Unit?
        var size: Int?
        while let cell = text.nextField(&rest, separator: UInt8(ascii: ",")).map({ text.trimmed($0) }) {
            if let value = text.after("Bandwidth =", in: cell), let (number, spelled) = text.measure(value) {
                printed = text.decimal(number)
                unit = [.gigabytesPerSecond, .megabytesPerSecond].first { text.equals(spelled, text: $0.rawValue) }
            } else if let value = text.after("Size =", in: cell) {
                size = text.measure(value).flatMap { text.integer($0.number) }
            }
        }
        guard let direction = Self.directions.first(where: { text.starts(kind, with: $0.csv) })?.direction,
            let printed, let unit, let size, printed >= 0, size >= 0
        else {
            warnings.add(line.number, nil, "this is no line of bandwidthTest's CSV")
            return
        }
        add(
            .init(
                direction: direction, hostMemory: memory(kind), transferBytes: Int64(size), printed: printed, unit: unit
            ))
    }

    /// "cudaGetDeviceProperties returned 35", then "-> " and the words; or `… code=35(cudaErrorInsufficientDriver) …`.
    private mutating func addFailure(_ piece: ByteText.Piece) {
        if text.starts(piece, with: "cuda"), let (call, rest) = text.halves(piece, at: " returned "),
            text.words(call, most: 2).count == 1, let code = text.integer(text.trimmed(rest))
        {
            change { $0.failure = .init(code: code, text: "") }
        } else if let words = text.after("-> ", in: piece) {
            let words = text.cut(words)
            change { if $0.failure?.text.isEmpty == true { $0.failure?.text = words } }
        } else if text.starts(piece, with: "CUDA error at "), let (_, rest) = text.halves(piece, at: " code="),
            let (code, name) = text.halves(rest, at: "("), let number = text.integer(code)
        {
            // What was said before is in words; this has the name of the constant.
            let end = text.find(UInt8(ascii: ")"), in: name) ?? name.upperBound
            let constant = text.cut(name.lowerBound..<end)
            change { if $0.failure == nil { $0.failure = .init(code: number, text: constant) } }
        }
    }

    /// "PINNED Memory Transfers", "H2D-Paged", "Host to Device Bandwidth, 1 Device(s), Pinned memory"
    private func memory(_ piece: ByteText.Piece) -> BandwidthTestReading.HostMemory? {
        var index = piece.lowerBound
        while index + 1 < piece.upperBound {
            if text[index] | 0x20 == UInt8(ascii: "p") {
                if text[index + 1] | 0x20 == UInt8(ascii: "i") { return .pinned }
                if text[index + 1] | 0x20 == UInt8(ascii: "a") { return .pageable }
            }
            index += 1
        }
        return nil
    }
}
