/// Walks the lines of nvidia-smi's table. What a line is follows from how many cells it has and what is in them, so that
/// tables that somebody cut down are read as far as they go.
struct SMITableParser {
    private(set) var reading = SMITableReading()
    private var warnings = WarningList()

    let text: ByteText
    private var number = 0
    private var section = Section.gpus
    /// How far the last GPU's lines came.
    private var expected = Expected.heading
    /// Whether the processes have columns of MIG instances, and of types.
    private var (hasInstances, hasTypes) = (false, false)
    /// The position of each GPU, by its number.
    private var positions: [Int: Int] = [:]
    private var cells: [ByteText.Piece] = []

    private enum Section { case gpus, migDevices, processes }
    private enum Expected { case heading, figures, mode }

    /// What a table tells of a GPU.
    private static let facts = FactStore(
        for: [
            GPUFact.index, .name, .busID, .memoryUsedBytes, .memoryTotalBytes, .utilizationGPUPercent,
            .temperatureCelsius, .fanPercent, .powerDrawWatts, .powerLimitWatts, .performanceState, .computeMode,
            .migMode, .eccMode, .eccVolatileUncorrected, .persistenceMode, .driverModel, .displayActive,
        ].map(\.rawValue))

    /// More than any machine has.
    private static let mostGPUs = 1024
    private static let mostMIGDevices = 4096
    private static let mostProcesses = 65536
    private var (migDevices, processes) = (0, 0)

    init(_ text: ByteText) { self.text = text }

    mutating func run() {
        var lines = BarredLines(text)
        while lines.advance() {
            number = lines.number
            let byte = text[lines.line.lowerBound]
            if byte == UInt8(ascii: "|") {
                cells = lines.cells
                guard row(lines.line) else { break }
            } else if byte != UInt8(ascii: "+"), reading.smiVersion == nil, isTimestamp(lines.line) {
                reading.timestamp = text.string(lines.line)
            }
        }
        reading.warnings = warnings.all
    }

    /// "Tue Jul 14 09:00:26 2026"
    private func isTimestamp(_ piece: ByteText.Piece) -> Bool {
        guard piece.count == 24, text[piece.lowerBound + 13] == UInt8(ascii: ":"),
            text[piece.lowerBound + 16] == UInt8(ascii: ":")
        else { return false }
        return text.integer(piece.upperBound - 4..<piece.upperBound) != nil
    }

    /// A line between bars; false where another table begins.
    private mutating func row(_ line: ByteText.Piece) -> Bool {
        guard let first = cells.first, let last = cells.last else { return true }
        let byte = first.isEmpty ? 0x20 : text[first.lowerBound]
        // A row of "====" or "----".
        if byte == UInt8(ascii: "=") || byte == UInt8(ascii: "-") { return true }
        if cells.count == 1 || byte == UInt8(ascii: "N"), isTitle(first) { return title(first) }
        switch section {
        case .processes:
            // There may be bars in a program's name.
            process(first.lowerBound..<max(first.lowerBound, last.upperBound))
        case _ where cells.count == 1: return title(first)
        case .gpus:
            if byte == UInt8(ascii: "G"), cells.count == 4 { section = .migDevices } else { gpu() }
        case .migDevices: migDevice()
        }
        return true
    }

    private func isTitle(_ cell: ByteText.Piece) -> Bool { text.starts(cell, with: "NVIDIA-SMI") }

    /// A line that is one cell; false where another table begins.
    private mutating func title(_ cell: ByteText.Piece) -> Bool {
        if isTitle(cell) {
            guard reading.smiVersion == nil, reading.gpus.isEmpty else { return false }
            versions(cell)
        } else if text.starts(cell, with: "MIG devices:") {
            section = .migDevices
        } else if text.starts(cell, with: "Processes:") || text.starts(cell, with: "Compute processes:") {
            section = .processes
        } else if text.starts(cell, with: "GPU"), text.has("PID", in: cell) {
            section = .processes
            process(cell)
        }
        return true
    }

    /// "NVIDIA-SMI 470.57.02    Driver Version: 470.57.02    CUDA Version: 11.4"
    private mutating func versions(_ cell: ByteText.Piece) {
        func version(after label: StaticString) -> String? {
            guard let found = text.find(label, in: cell) else { return nil }
            var rest = found.upperBound..<cell.upperBound
            guard let word = text.nextWord(&rest), FactStore.reason(text.bytes, word) == nil else { return nil }
            return text.cut(word)
        }
        reading.smiVersion = version(after: "NVIDIA-SMI ")
        reading.driverVersion = version(after: "KMD Version:") ?? version(after: "Driver Version:")
        reading.cudaVersion = version(after: "CUDA UMD Version:") ?? version(after: "CUDA Version:")
    }

    // MARK: GPUs

    /// A GPU has a line with its address, then one with its memory, from 450 on a third with its MIG mode.
    private mutating func gpu() {
        guard cells.count == 3 else { return }
        var rest = cells[0]
        let index = text.nextWord(&rest).flatMap { text.integer($0) }
        if let index, isAddress(cells[1]) {
            heading(index, text.trimmed(rest))
        } else if let index, expected != .figures, text.has("/", in: cells[0]) {
            // Somebody left the first line out, and put the number here.
            begin(index)
            figures(text.trimmed(rest))
        } else if expected == .figures, text.has("/", in: cells[0]) {
            figures(cells[0])
        } else if expected == .mode, cells[0].isEmpty, cells[1].isEmpty {
            put(.migMode, cells[2])
            expected = .heading
        }
    }

    private mutating func begin(_ index: Int) {
        guard reading.gpus.count < Self.mostGPUs else {
            return warnings.add(number, "there are more than \(Self.mostGPUs) GPUs: the others are left out")
        }
        var gpu = GPUReading()
        gpu.facts = Self.facts
        gpu.facts.set(.index, .value(index) as Reading<Int>)
        positions[index] = reading.gpus.count
        reading.gpus.append(gpu)
        expected = .figures
    }

    /// "0  NVIDIA H200   On", "00000000:83:00.0 Off", "0"
    private mutating func heading(_ index: Int, _ rest: ByteText.Piece) {
        begin(index)
        // Between number and persistence mode; on Windows the driver's model stands there.
        var end = rest.upperBound
        while end > rest.lowerBound, !ByteText.isBlank(text[end - 1]) { end -= 1 }
        let mode = end..<rest.upperBound
        var name = text.trimmed(rest.lowerBound..<end)
        if let switched = onOff(mode) {
            set(.persistenceMode, switched)
        } else {
            put(text.equals(mode, "N/A") ? .persistenceMode : .driverModel, mode)
        }
        if text.ends(name, with: "...") {
            name = text.trimmed(name.lowerBound..<name.upperBound - 3)
            if !reading.gpus.isEmpty { reading.gpus[reading.gpus.count - 1].nameIsCut = true }
        }
        put(.name, name)
        var words = cells[1]
        if let address = text.nextWord(&words) { put(.busID, address) }
        if let display = text.nextWord(&words) {
            if let switched = onOff(display) { set(.displayActive, switched) } else { put(.displayActive, display) }
        }
        ecc(cells[2])
    }

    /// "0" errors, "Off" where it is off, "On" under MIG, which does not tell.
    private mutating func ecc(_ cell: ByteText.Piece) {
        if text.integer(cell) != nil {
            put(.eccVolatileUncorrected, cell)
            set(.eccMode, .value("Enabled"))
        } else if let switched = onOff(cell) {
            set(.eccMode, switched)
            if switched.value == "Disabled" { set(.eccVolatileUncorrected, .absent(.notApplicable)) }
        } else if FactStore.reason(text.bytes, cell) != nil {
            put(.eccVolatileUncorrected, cell)
            put(.eccMode, cell)
        }
    }

    /// As the other outputs say it.
    private func onOff(_ cell: ByteText.Piece) -> Reading<String>? {
        if text.equals(cell, "On") { return .value("Enabled") }
        return text.equals(cell, "Off") ? .value("Disabled") : nil
    }

    /// "40%   32C    P0    N/A / 100W", "0MiB /  4040MiB", "0%      Default"
    private mutating func figures(_ cell: ByteText.Piece) {
        var words = cell
        guard let fan = text.nextWord(&words), let temperature = text.nextWord(&words),
            let state = text.nextWord(&words),
            let slash = text.find(UInt8(ascii: "/"), in: words.lowerBound..<words.upperBound)
        else { return }
        put(.fanPercent, fan)
        put(.temperatureCelsius, temperature)
        put(.performanceState, state)
        // The "/" of "N/A" is none.
        var bar = slash
        while bar < words.upperBound, !isBar(bar) { bar += 1 }
        if bar < words.upperBound {
            put(.powerDrawWatts, words.lowerBound..<bar)
            put(.powerLimitWatts, bar + 1..<words.upperBound)
        }
        memory(cells[1])
        var rest = cells[2]
        if let utilization = text.nextWord(&rest) { put(.utilizationGPUPercent, utilization) }
        let mode = text.trimmed(rest)
        if !mode.isEmpty { put(.computeMode, mode) }
        expected = .mode
    }

    /// A "/" with a blank behind it.
    private func isBar(_ index: Int) -> Bool {
        text[index] == UInt8(ascii: "/") && index + 1 < text.bytes.count && ByteText.isBlank(text[index + 1])
    }

    private mutating func memory(_ cell: ByteText.Piece) {
        if let (used, total) = text.halves(cell, at: " / ") {
            put(.memoryUsedBytes, used)
            put(.memoryTotalBytes, total)
        } else {
            // "Not Supported" on integrated GPUs, whose memory is the machine's.
            put(.memoryUsedBytes, cell)
            put(.memoryTotalBytes, cell)
        }
    }

    /// "00000000:00:16.0", before 384 "0000:42:00.0".
    private func isAddress(_ cell: ByteText.Piece) -> Bool {
        var words = cell
        guard let word = text.nextWord(&words), word.count >= 12,
            ByteText.hexadecimalDigit(text[word.lowerBound]) != nil
        else { return false }
        let end = word.upperBound
        return text[end - 8] == UInt8(ascii: ":") && text[end - 5] == UInt8(ascii: ":")
            && text[end - 2] == UInt8(ascii: ".")
    }

    private mutating func put(_ fact: GPUFact, _ piece: ByteText.Piece) {
        guard !reading.gpus.isEmpty else { return }
        if !reading.gpus[reading.gpus.count - 1].facts.offer(fact.rawValue, fact.kind, text.bytes, piece) {
            warnings.add(number, fact.key, "unreadable")
        }
    }

    private mutating func set(_ fact: GPUFact, _ value: Reading<String>) {
        guard !reading.gpus.isEmpty else { return }
        reading.gpus[reading.gpus.count - 1].facts.set(fact, value)
    }

    // MARK: MIG devices

    /// "0    2   0   0", "26MiB / 40448MiB", "60      0", "3   0    3    0    3"; below it what it has of BAR1.
    private mutating func migDevice() {
        guard cells.count >= 3, !text.starts(cells[0], with: "GPU") else { return }
        var words = cells[0]
        guard let index = text.nextWord(&words).flatMap({ text.integer($0) }) else {
            if let device = lastDevice, let (used, total) = text.halves(cells[1], at: " / ") {
                offer(.bar1UsedBytes, used, device)
                offer(.bar1TotalBytes, total, device)
            }
            lastDevice = nil
            return
        }
        guard let position = positions[index] else { return }
        migDevices += 1
        guard migDevices <= Self.mostMIGDevices else { return }
        let device = (position, reading.gpus[position].migDevices.count)
        reading.gpus[position].migDevices.append(MIGDeviceReading())
        lastDevice = device
        for fact in [GPUFact.gpuInstanceID, .computeInstanceID, .index] {
            if let word = text.nextWord(&words) { offer(fact, word, device) }
        }
        if let (used, total) = text.halves(cells[1], at: " / ") {
            offer(.memoryUsedBytes, used, device)
            offer(.memoryTotalBytes, total, device)
        }
        var counts = cells[2]
        if let word = text.nextWord(&counts) { offer(.multiprocessorCount, word, device) }
        if let word = text.nextWord(&counts) { offer(.eccVolatileUncorrectedSRAM, word, device) }
        guard cells.count > 3 else { return }
        var engines = cells[3]
        for fact in [GPUFact.copyEngineCount, .encoderCount, .decoderCount, .ofaCount, .jpegCount] {
            if let word = text.nextWord(&engines) { offer(fact, word, device) }
        }
    }

    /// The MIG device whose second line is next: its GPU, and which one of it.
    private var lastDevice: (Int, Int)?

    private mutating func offer(_ fact: GPUFact, _ piece: ByteText.Piece, _ device: (Int, Int)) {
        let isReadable = reading.gpus[device.0].migDevices[device.1].facts.offer(
            fact.rawValue, fact.kind, text.bytes, piece)
        if !isReadable { warnings.add(number, fact.key, "unreadable") }
    }

    // MARK: Processes

    /// "0   N/A  N/A      1647      G   /usr/lib/xorg/Xorg                235MiB": number of the GPU, from 450 on the MIG
    /// instances, pid, from 352 on the type, command, memory.
    private mutating func process(_ cell: ByteText.Piece) {
        var words = cell
        guard let first = text.nextWord(&words) else { return }
        if text.equals(first, "GPU") {
            hasInstances = text.has(" GI ", in: cell)
            hasTypes = text.has("Type", in: cell)
        }
        guard let index = text.integer(first) else { return }
        var process = GPUProcessReading()
        func offer(_ fact: GPUFact, _ piece: ByteText.Piece?, _ warnings: inout WarningList) {
            guard let piece else { return }
            if !process.facts.offer(fact.rawValue, fact.kind, text.bytes, piece) {
                warnings.add(number, fact.key, "unreadable")
            }
        }
        if hasInstances {
            offer(.gpuInstanceID, text.nextWord(&words), &warnings)
            offer(.computeInstanceID, text.nextWord(&words), &warnings)
        }
        guard let pid = text.nextWord(&words), text.integer(pid) != nil else { return }
        offer(.pid, pid, &warnings)
        if hasTypes { offer(.type, text.nextWord(&words), &warnings) }
        var name = text.trimmed(words)
        var end = name.upperBound
        while end > name.lowerBound, !ByteText.isBlank(text[end - 1]) { end -= 1 }
        let last = end..<name.upperBound
        let isMemory = last.first.map { ByteText.isDigit(text[$0]) } == true && text.ends(last, with: "B")
        if isMemory || FactStore.reason(text.bytes, last) != nil {
            offer(.usedMemoryBytes, last, &warnings)
            name = text.trimmed(name.lowerBound..<end)
        }
        offer(.name, name, &warnings)
        guard let position = positions[index] else {
            return warnings.add(number, "a process is of GPU \(index), which the table does not have")
        }
        processes += 1
        if processes <= Self.mostProcesses { reading.gpus[position].processes.append(process) }
    }
}
