/// Goes through deviceQuery's lines.
struct DeviceQueryParser {
    private let text: ByteText
    private var reading = DeviceQueryReading()
    /// Whether something was seen that only NVIDIA's sample prints.
    private(set) var recognised = false
    /// Whether a line may belong to the last device.
    private var inDevice = false
    private var awaitsComputeMode = false
    private var lastLine = 1

    /// More than any machine has.
    private static let mostDevices = 1024
    private static let mostOthers = 256

    private static let labels = LabelTable(
        CUDAField.definitions.flatMap { definition in definition.labels.map { ($0, definition) } })

    init(_ text: ByteText) { self.text = text }

    mutating func add(_ line: ByteLines.Line, _ warnings: inout WarningList) {
        let piece = text.trimmed(line.piece)
        guard !piece.isEmpty else { return }
        lastLine = line.number
        if piece.count > DeviceQueryLabels.longLine, addSeveral(piece, line, &warnings) { return }
        add(piece, line, &warnings)
    }

    /// Lines that a page has made one; false where it is only one.
    private mutating func addSeveral(
        _ piece: ByteText.Piece, _ line: ByteLines.Line, _ warnings: inout WarningList
    ) -> Bool {
        guard let lines = DeviceQueryLabels.shared.lines(piece, in: text) else { return false }
        for piece in lines { add(piece, line, &warnings) }
        return true
    }

    private mutating func add(_ piece: ByteText.Piece, _ line: ByteLines.Line, _ warnings: inout WarningList) {
        guard let first = piece.first.map({ text[$0] }) else { return }
        switch first {
        case UInt8(ascii: ">"): addPeer(piece)
        case UInt8(ascii: "<"): addComputeMode(piece)
        case UInt8(ascii: "-"):
            if let words = text.after("-> ", in: piece), reading.failure?.text.isEmpty == true {
                reading.failure?.text = text.cut(words)
            }
        case UInt8(ascii: "("):
            // "( 6) Multiprocessors, (128) CUDA Cores/MP:", "(16) Multiprocessors x ( 8) CUDA Cores/MP:"
            if inDevice, text.has(") Multiprocessors", in: piece) {
                if let colon = text.find(UInt8(ascii: ":"), in: piece),
                    text.find(UInt8(ascii: ":"), in: colon + 1..<piece.upperBound) != nil,
                    addSeveral(piece, line, &warnings)
                {
                    return
                }
                set(.init(.multiprocessors, .multiprocessors), piece, piece, line, &warnings)
            }
        default:
            if !addHeading(piece, first) { addField(piece, line, &warnings) }
        }
    }

    mutating func finished(_ warnings: inout WarningList) -> DeviceQueryReading {
        if reading.cudaVersion == nil { reading.cudaVersion = reading.devices.first?.cudaVersion }
        if reading.runtimeVersion == nil { reading.runtimeVersion = reading.devices.first?.runtimeVersion }
        if reading.passed == nil { warnings.add(lastLine, nil, "the output ends before its verdict") }
        if let announced = reading.announcedDevices, announced != reading.devices.count {
            warnings.add(lastLine, nil, "\(announced) devices are announced, \(reading.devices.count) follow")
        }
        return reading
    }

    // MARK: - Lines of the whole

    /// Title, announcement, heading of a device, failure, verdict, summary; false where it is none of them.
    private mutating func addHeading(_ piece: ByteText.Piece, _ first: UInt8) -> Bool {
        switch first {
        case UInt8(ascii: "D"):
            if let quoted = text.after("Device ", in: piece), let name = heading(quoted) {
                beginDevice()
                reading.devices[reading.devices.count - 1].name = name
                return true
            }
            guard let count = announcement(piece) else { return false }
            reading.announcedDevices = count
        case UInt8(ascii: "T"), UInt8(ascii: "F"):
            if text.equals(piece, "FAILED") || text.equals(piece, "Test FAILED") {
                end(passed: false)
            } else if text.equals(piece, "Test PASSED") {
                end(passed: true)
            } else if let count = announcement(piece) {
                reading.announcedDevices = count
            } else {
                return false
            }
        case UInt8(ascii: "C"):
            guard text.starts(piece, with: "CUDA Device Query (") else { return false }
            recognised = true
        case UInt8(ascii: "c"):
            if let found = text.find(" API error = ", in: piece), reading.failure == nil {
                // checkCudaErrors() Driver API error = 0100 "CUDA_ERROR_NO_DEVICE" from file <…>, line 54.
                let rest = found.upperBound..<piece.upperBound
                let name = text.halves(rest, at: "\"").flatMap { text.halves($0.1, at: "\"")?.0 }
                reading.failure = text.numbers(rest, most: 1).first.map {
                    CUDAFailure(code: $0, text: name.map { text.cut($0) } ?? "")
                }
                return true
            }
            guard
                let rest = text.after("cudaGetDeviceCount returned", in: piece)
                    ?? text.after("cuInit(0) returned", in: piece),
                let code = text.numbers(rest, most: 1).first
            else { return false }
            recognised = true
            reading.failure = CUDAFailure(code: code, text: "")
        case UInt8(ascii: "R"):
            guard let verdict = text.after("Result =", in: piece) else { return false }
            if text.starts(verdict, with: "PASS") { end(passed: true) }
            if text.starts(verdict, with: "FAIL") { end(passed: false) }
        case UInt8(ascii: "P"):
            guard text.equals(piece, "PASSED") else { return false }
            end(passed: true)
        case UInt8(ascii: "d"):
            guard let summary = text.after("deviceQuery, ", in: piece) ?? text.after("deviceQueryDrv, ", in: piece)
            else {
                return false
            }
            addSummary(summary)
        default: return false
        }
        return true
    }

    private mutating func end(passed: Bool) {
        reading.passed = passed
        inDevice = false
    }

    private mutating func beginDevice() {
        inDevice = true
        awaitsComputeMode = false
        if reading.devices.count < Self.mostDevices { reading.devices.append(CUDADevice()) }
    }

    /// The name in `0: "Tesla T4"`. Look-alikes have no quotes.
    private func heading(_ piece: ByteText.Piece) -> String? {
        guard let (number, quoted) = text.halves(piece, at: ": \""), text.integer(number) != nil,
            text.ends(quoted, with: "\"")
        else { return nil }
        return text.cut(quoted.lowerBound..<quoted.upperBound - 1)
    }

    /// "There is 1 device supporting CUDA" (3.x), "Found 2 CUDA Capable device(s)" (4.x), "Detected 1 CUDA …" (5.0 on),
    /// "There are no available device(s) that support CUDA".
    private func announcement(_ piece: ByteText.Piece) -> Int? {
        let rest: ByteText.Piece?
        if text.starts(piece, with: "There ") {
            rest = text.after("There is ", in: piece) ?? text.after("There are ", in: piece)
        } else {
            rest = text.after("Found ", in: piece) ?? text.after("Detected ", in: piece)
        }
        guard let rest, text.has("CUDA", in: rest), text.has("device", in: rest),
            text.find(UInt8(ascii: ":"), in: rest) == nil
        else { return nil }
        return text.starts(rest, with: "no ") ? 0 : text.numbers(rest, most: 1).first
    }

    /// "CUDA Driver = CUDART, CUDA Driver Version = 12.4, CUDA Runtime Version = 12.4, NumDevs = 1"
    private mutating func addSummary(_ summary: ByteText.Piece) {
        inDevice = false
        var rest: ByteText.Piece? = summary
        while let field = text.nextField(&rest, separator: UInt8(ascii: ",")) {
            guard let (label, value) = text.halves(field, at: "=") else { continue }
            let name = text.trimmed(label)
            if text.equals(name, "CUDA Driver Version") { reading.cudaVersion = text.version(text.trimmed(value)) }
            if text.equals(name, "CUDA Runtime Version") { reading.runtimeVersion = text.version(text.trimmed(value)) }
        }
    }

    /// "> Peer access from NVIDIA A40 (GPU0) -> NVIDIA A40 (GPU1) : Yes"
    private mutating func addPeer(_ piece: ByteText.Piece) {
        guard text.starts(piece, with: "> Peer"), let (pair, answer) = text.halves(piece, at: ") : "),
            let (from, to) = text.halves(pair, at: ") -> "), let first = gpu(from), let second = gpu(to)
        else { return }
        inDevice = false
        guard reading.peerAccess.count < Self.mostDevices * 16 else { return }
        reading.peerAccess.append(.init(from: first, to: second, access: text.starts(answer, with: "Yes")))
    }

    /// The number at the end of "NVIDIA A40 (GPU0".
    private func gpu(_ piece: ByteText.Piece) -> Int? {
        text.findLast(UInt8(ascii: "("), in: piece).flatMap { open in
            text.after("GPU", in: open + 1..<piece.upperBound).flatMap { text.integer($0) }
        }
    }

    // MARK: - Lines of a device

    private mutating func addField(
        _ piece: ByteText.Piece, _ line: ByteLines.Line, _ warnings: inout WarningList
    ) {
        guard let (label, value) = split(piece) else { return }
        guard let definition = Self.labels.value(label, in: text) else {
            if addSeveral(piece, line, &warnings) { return }
            // A blank behind the colon: nothing of a prompt's or of a path's.
            if inDevice, value.lowerBound - label.upperBound > 1 { keep(label, value) }
            return
        }
        // No value has a colon but compute modes.
        if text.find(UInt8(ascii: ":"), in: value) != nil, addSeveral(piece, line, &warnings) { return }
        if definition.field == .computeCapability { recognised = true }
        // A device without its heading begins with the first field, which repeats with the next device.
        if reading.devices.isEmpty || (definition.field == .cudaVersion && reading.devices.last?.cudaVersion != nil) {
            beginDevice()
        }
        inDevice = true
        set(definition, label, value, line, &warnings)
    }

    /// Label and value: at the colon, or at the first two blanks where there is none.
    private func split(_ piece: ByteText.Piece) -> (ByteText.Piece, ByteText.Piece)? {
        if let colon = text.find(UInt8(ascii: ":"), in: piece) {
            return (
                text.trimmed(piece.lowerBound..<colon), text.trimmed(colon + 1..<piece.upperBound)
            )
        }
        if let (label, value) = text.halves(piece, at: "  ") ?? text.halves(piece, at: "\t") {
            return (label, text.trimmed(value))
        }
        // Where a page has made one blank of several.
        return DeviceQueryLabels.shared.field(piece, in: text).map {
            (piece.lowerBound..<$0.end, text.trimmed($0.end..<piece.upperBound))
        }
    }

    private mutating func keep(_ label: ByteText.Piece, _ value: ByteText.Piece) {
        guard reading.other.count < Self.mostOthers else { return }
        let path = "\(max(reading.devices.count - 1, 0))/" + text.cut(label)
        reading.other.append(OtherField(path: path, text: text.cut(value)))
    }

    private mutating func addComputeMode(_ piece: ByteText.Piece) {
        guard awaitsComputeMode, let words = text.after("< ", in: piece) else { return }
        awaitsComputeMode = false
        reading.devices[reading.devices.count - 1].computeMode = computeMode(words)
    }

    /// "Default (multiple host threads can use ::cudaSetDevice() with device simultaneously) >"
    private func computeMode(_ piece: ByteText.Piece) -> String {
        let end = text.find(" (", in: piece)?.lowerBound ?? piece.upperBound
        return text.cut(piece.lowerBound..<end)
    }

    private mutating func set(
        _ definition: CUDAField.Definition, _ label: ByteText.Piece, _ value: ByteText.Piece, _ line: ByteLines.Line,
        _ warnings: inout WarningList
    ) {
        guard !reading.devices.isEmpty else { return }
        let last = reading.devices.count - 1
        // Compute mode stands in the next line, or in this one (3.x).
        if definition.field == .computeMode {
            awaitsComputeMode = value.isEmpty
            if !value.isEmpty { reading.devices[last].computeMode = computeMode(text.after("< ", in: value) ?? value) }
            return
        }
        let before = reading.devices[last][definition.field]
        if !reading.devices[last].read(definition, value, in: text) {
            reading.devices[last][definition.field] = before
            keep(label, value)
            warnings.add(line.number, text.cut(label), "the value cannot be read")
        }
    }
}
