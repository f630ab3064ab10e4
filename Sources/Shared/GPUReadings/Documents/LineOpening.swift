/// The line with which a document begins, known by its content alone.
struct LineOpening {
    var kind: OutputKind
    /// Whether it begins a document even where one of the same kind is open: a title, not a line that can repeat.
    var isTitle: Bool
    /// How many columns rows have, of CSV.
    var columns = 0

    init(_ kind: OutputKind, isTitle: Bool = true, columns: Int = 0) {
        self.kind = kind
        self.isTitle = isTitle
        self.columns = columns
    }

    /// Beginnings of lines, of one document each; most telling first.
    private static let beginnings: [(beginning: StaticString, kind: OutputKind, isTitle: Bool)] = [
        ("CUDA Device Query (", .deviceQuery, true),
        ("CUDA Driver Version / Runtime Version ", .deviceQuery, false),
        ("CUDA Capability Major/Minor version number:", .deviceQuery, false),
        ("cudaGetDeviceCount returned ", .deviceQuery, false),
        ("[CUDA Bandwidth Test]", .bandwidthTest, true),
        ("[bandwidthTest]", .bandwidthTest, true),
        ("bandwidthTest-", .bandwidthTest, false),
        ("nvbandwidth Version:", .nvbandwidth, true),
        ("ERROR: Testcase ", .nvbandwidth, false),
        ("Slot:\t", .lspci, false),
        ("<?xml", .smiXML, true),
        ("<!DOCTYPE nvidia_smi_log", .smiXML, true),
        ("<nvidia_smi_log", .smiXML, true),
        ("NVIDIA-SMI has failed", .smiError, false),
        ("NVIDIA-SMI couldn't find", .smiError, false),
        ("No devices were found", .smiError, false),
        ("Failed to initialize NVML", .smiError, false),
        ("Unable to determine the device handle", .smiError, false),
        ("Unable to detect the device handle", .smiError, false),
    ]
    /// By the first byte whether it is one of theirs, since most lines begin nothing.
    private static let begin: [Bool] = {
        var table = Array(repeating: false, count: 256)
        for entry in beginnings { table[Int(entry.beginning.withUTF8Buffer { $0.first } ?? 0)] = true }
        return table
    }()

    /// What `line` begins; nil for most lines.
    static func of(_ line: ByteText.Piece, in text: ByteText) -> LineOpening? {
        let indentation = text.indentation(line)
        let said = line.lowerBound + indentation..<line.upperBound
        guard let first = said.first.map({ text[$0] }) else { return nil }
        if begin[Int(first)], let known = beginnings.first(where: { text.starts(said, with: $0.beginning) }) {
            return LineOpening(known.kind, isTitle: known.isTitle)
        }
        switch first {
        case UInt8(ascii: "="):
            return text.starts(said, with: "====") && text.has("NVSMI LOG", in: said) ? .init(.smiText) : nil
        case UInt8(ascii: "N") where text.starts(said, with: "NVIDIA-SMI version"): return version(said, text)
        case UInt8(ascii: "|"): return table(said, text)
        case UInt8(ascii: "#"): return monitor(said, text)
        case UInt8(ascii: "G"):
            if text.starts(said, with: "GPU0\t") { return topology(said, text) }
            return text.starts(said, with: "GPU ") && indentation < 3 && text.has(" (UUID: GPU-", in: said)
                ? .init(.smiList, isTitle: false) : csv(said, text)
        case UInt8(ascii: "D"):
            if text.starts(said, with: "Device "), text.has(": \"", in: said) {
                return .init(.deviceQuery, isTitle: false)
            }
            return text.starts(said, with: "Detected ") && text.has(" CUDA Capable device", in: said)
                ? .init(.deviceQuery, isTitle: false) : nil
        case UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "d"):
            // "./deviceQuery Starting... CUDA Device Query (Runtime API) …": lines that a page has made one.
            guard text.has("Starting... CUDA Device Query (", in: said) else { break }
            return .init(.deviceQuery)
        case UInt8(ascii: "R"):
            guard text.starts(said, with: "Running ") else { return nil }
            if text.starts(said, with: "Running on...") { return .init(.bandwidthTest, isTitle: false) }
            // "Running host_to_device_memcpy_ce."
            return text.has("_", in: said) && text.ends(text.trimmed(said), with: ".")
                && text.words(said, most: 3).count == 2
                ? .init(.nvbandwidth, isTitle: false) : nil
        case UInt8(ascii: "["):
            // A device whose address was cut off: "[0300]: Intel Corporation …"
            return said.count > 7 && text.starts(said.lowerBound + 5..<said.upperBound, with: "]: ")
                && text.hexadecimal(said.lowerBound + 1..<said.lowerBound + 5) != nil
                ? .init(.lspci, isTitle: false) : nil
        default: break
        }
        guard indentation == 0 else { return nil }
        if ByteText.hexadecimalDigit(first) != nil, isPCIDevice(said, text) { return .init(.lspci, isTitle: false) }
        return csv(said, text)
    }

    /// "| NVIDIA-SMI 390.42 …", or a row of a table whose head was cut off.
    private static func table(_ said: ByteText.Piece, _ text: ByteText) -> LineOpening? {
        if text.has("NVIDIA-SMI", in: said) { return .init(.smiTable) }
        // "|   1  Tesla V100-PCIE...  On   | 00008ED0:00:00.0 Off |                    0 |"
        var rest: ByteText.Piece? = said
        var cells: [ByteText.Piece] = []
        while cells.count < 6, let cell = text.nextField(&rest, separator: UInt8(ascii: "|")) { cells.append(cell) }
        guard cells.count == 5, let address = text.words(cells[2], most: 1).first, isAddress(address, text) else {
            return nil
        }
        return .init(.smiTable, isTitle: false)
    }

    /// "NVIDIA-SMI version  : 590.48.01"
    private static func version(_ said: ByteText.Piece, _ text: ByteText) -> LineOpening? {
        guard let (label, _) = text.halves(said, at: ":"), text.words(label, most: 3).count == 2 else { return nil }
        return .init(.smiVersion)
    }

    /// "# gpu    pwr  gtemp …", "# gpu   pid  type …", with "#Date       Time" before it where asked for.
    private static func monitor(_ said: ByteText.Piece, _ text: ByteText) -> LineOpening? {
        let words = text.words(said, most: 64)
        guard let gpu = words.firstIndex(where: { text.equals($0, "gpu") }), gpu <= 3, words.count > gpu + 1 else {
            return nil
        }
        let isOfProcesses = words.contains { text.equals($0, "pid") }
        return .init(isOfProcesses ? .smiProcessMonitor : .smiDeviceMonitor, isTitle: false)
    }

    /// "	GPU0	GPU1	CPU Affinity	NUMA Affinity"
    private static func topology(_ said: ByteText.Piece, _ text: ByteText) -> LineOpening? {
        text.has("Affinity", in: said) ? .init(.smiTopology) : nil
    }

    /// "01:00.0 ", "0000:01:00.0 "
    static func isPCIDevice(_ said: ByteText.Piece, _ text: ByteText) -> Bool {
        guard said.count > 8,
            let end = text.find(0x20, in: said.lowerBound..<min(said.upperBound, said.lowerBound + 18))
        else { return false }
        let word = said.lowerBound..<end
        return isAddress(word, text) && text.has(": ", in: end..<said.upperBound)
    }

    /// "00:16.0", "00000000:00:16.0"
    static func isAddress(_ word: ByteText.Piece, _ text: ByteText) -> Bool {
        guard word.count >= 7 else { return false }
        let tail = word.upperBound - 7
        guard text[tail + 2] == UInt8(ascii: ":"), text[tail + 5] == UInt8(ascii: "."),
            text.hexadecimal(tail..<tail + 2) != nil, text.hexadecimal(tail + 3..<tail + 5) != nil,
            text[tail + 6] &- 0x30 < 8
        else { return false }
        guard word.count > 7 else { return true }
        return (5...9).contains(word.count - 7) && text[tail - 1] == UInt8(ascii: ":")
            && text.hexadecimal(word.lowerBound..<tail - 1) != nil
    }

    private static func csv(_ said: ByteText.Piece, _ text: ByteText) -> LineOpening? {
        if let columns = CSVLine.headerColumns(said, text) { return .init(.smiCSV, columns: columns) }
        if let columns = CSVLine.tellingColumns(said, text) { return .init(.smiCSV, isTitle: false, columns: columns) }
        return nil
    }
}
