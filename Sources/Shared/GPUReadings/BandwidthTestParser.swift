/// Goes through bandwidthTest's lines. A run begins with the title, or with "Running on..." where the title is missing
/// (older samples do not print it), or with a figure in CSV.
struct BandwidthTestParser {
    private(set) var runs: [BandwidthTestReading] = []
    private var titled = false
    private var direction: BandwidthTestReading.Direction?
    private var hostMemory: BandwidthTestReading.HostMemory?
    private var unit: BandwidthTestReading.Unit?

    private static let directions: [(table: String, csv: String, direction: BandwidthTestReading.Direction)] = [
        ("Host to Device Bandwidth", "H2D", .hostToDevice),
        ("Device to Host Bandwidth", "D2H", .deviceToHost),
        ("Device to Device Bandwidth", "D2D", .deviceToDevice),
    ]

    mutating func add(_ line: Substring) {
        if line.hasPrefix("[CUDA Bandwidth Test]") || line.hasPrefix("[bandwidthTest]") {
            begin()
            titled = true
        } else if line == "Running on..." {
            // Right after a title this is the same run.
            if !titled { begin() }
            titled = false
        } else if let figures = line.after("bandwidthTest-") {
            if runs.isEmpty { begin() }
            addCSV(figures)
        } else if !runs.isEmpty {
            addToRun(line)
        }
    }

    private mutating func begin() {
        runs.append(BandwidthTestReading())
        direction = nil
        hostMemory = nil
        unit = nil
    }

    private mutating func change(_ change: (inout BandwidthTestReading) -> Void) {
        change(&runs[runs.count - 1])
    }

    private mutating func addToRun(_ line: Substring) {
        if let known = Self.directions.first(where: { line.hasPrefix($0.table) }) {
            direction = known.direction
            unit = nil
            hostMemory = Self.memory(line)
        } else if line.hasSuffix("Memory Transfers") {
            hostMemory = Self.memory(line)
        } else if line.hasPrefix("Transfer Size (Bytes)") {
            unit = [.megabytesPerSecond, .gigabytesPerSecond].first { line.has("Bandwidth(\($0.rawValue))") }
        } else if let (number, name) = line.after("Device ")?.halves(at: ": "), Int(number) != nil {
            change { $0.devices.append(name.trimmed.cut) }
        } else if let mode = ["Quick", "Range", "Shmoo"].first(where: { line == "\($0) Mode" }) {
            change { $0.mode = mode }
        } else if line.hasPrefix("Result = PASS") || line == "PASSED" {
            change { $0.passed = true }
        } else if line.hasPrefix("Result = FAIL") || line == "FAILED" {
            change { $0.passed = false }
        } else if let direction, let unit {
            addRow(line, direction, unit)
        } else {
            addFailure(line)
        }
    }

    /// "33554432   9719.0". Anything else ends the table only where the next one begins.
    private mutating func addRow(
        _ line: Substring, _ direction: BandwidthTestReading.Direction, _ unit: BandwidthTestReading.Unit
    ) {
        let words = line.words
        guard words.count == 2, let size = Int64(words[0]), size >= 0,
            case .value(let figure) = Quantity.decimal(words[1], units: [""])
        else { return addFailure(line) }
        let hostMemory = hostMemory
        change {
            $0.measurements.append(
                .init(direction: direction, hostMemory: hostMemory, transferBytes: size, printed: figure, unit: unit))
        }
    }

    /// "H2D-Pinned, Bandwidth = 12.4 GB/s, Time = 0.00549 s, Size = 68000000 bytes, NumDevsUsed = 1"
    private mutating func addCSV(_ text: Substring) {
        let cells = text.split(separator: ",").map(\.trimmed)
        guard let first = cells.first,
            let direction = Self.directions.first(where: { first.hasPrefix($0.csv) })?.direction,
            let figure = cells.lazy.compactMap({ $0.after("Bandwidth =") }).first?.words, figure.count == 2,
            case .value(let printed) = Quantity.decimal(figure[0], units: [""]),
            let unit = BandwidthTestReading.Unit(rawValue: String(figure[1])),
            let size = cells.lazy.compactMap({ $0.after("Size =") }).first?.numbers.first
        else { return }
        change {
            $0.measurements.append(
                .init(
                    direction: direction, hostMemory: Self.memory(first), transferBytes: Int64(size), printed: printed,
                    unit: unit))
        }
    }

    /// "cudaGetDeviceProperties returned 35", then "-> " and the words; or `… code=35(cudaErrorInsufficientDriver) …`.
    private mutating func addFailure(_ line: Substring) {
        if line.hasPrefix("cuda"), let (call, rest) = line.halves(at: " returned "), call.words.count == 1,
            let code = Int(rest.trimmed)
        {
            change { $0.failure = .init(code: code, text: "") }
        } else if let words = line.after("-> ") {
            change { if $0.failure?.text.isEmpty == true { $0.failure?.text = words.cut } }
        } else if line.hasPrefix("CUDA error at "), let (_, rest) = line.halves(at: " code="),
            let (code, name) = rest.halves(at: "("), let number = Int(code)
        {
            // What was said before is in words; this has the name of the constant.
            change { if $0.failure == nil { $0.failure = .init(code: number, text: name.prefix { $0 != ")" }.cut) } }
        }
    }

    private static func memory(_ line: Substring) -> BandwidthTestReading.HostMemory? {
        let line = line.lowercased()
        if line.has("pinned") { return .pinned }
        return line.has("pageable") || line.has("paged") ? .pageable : nil
    }
}
