/// What `nvidia-smi -q -x` said.
///
/// Known to read the documents of 340 to 595. Elements are looked up by path, with the alternatives of
/// ``SMIFields``; elements that are not known are passed over.
public struct SMIQueryReading: Equatable, Sendable {
    /// As printed: "Thu Mar 15 01:32:42 2018", local time of the machine.
    public var timestamp: String?
    /// "390.42".
    public var driverVersion: String?
    /// The newest CUDA that the driver can run, "11.4". Nil before 410, and where nvidia-smi does not find libcuda.
    public var cudaVersion: String?
    /// What the document itself says went wrong (`error_string`).
    public var failure: String?
    /// How many GPUs the document says there are; ``gpus`` has fewer where it was asked about some.
    public var attachedGPUs: Int?
    /// The GPUs in the order of the document. A machine without any gives a valid document.
    public var gpus: [GPUReading] = []

    static let expected = "nvidia-smi's XML"

    /// Reads a document. Text before its first `<` and behind its end (prompts, banners) is ignored.
    ///
    /// - Parameter xml: the document.
    /// - Throws: ``ReadingError`` for what is not such a document, is cut short, or is hostile.
    public init(xml: String) throws(ReadingError) {
        try self.init(xml: Array(xml.utf8))
    }

    /// Reads a document in the encoding that it declares, UTF-8 by default.
    ///
    /// - Parameter xml: the document.
    /// - Throws: ``ReadingError`` for what is not such a document, is cut short, or is hostile.
    public init(xml: [UInt8]) throws(ReadingError) {
        guard let start = xml.firstIndex(of: UInt8(ascii: "<")) else {
            let first = Lines(String(decoding: xml.prefix(4096), as: UTF8.self)).firstSaid
            throw ReadingError(Self.expected, line: first.number, seen: first.text, problem: "there is no element")
        }
        let firstLine = 1 + xml[..<start].count { $0 == UInt8(ascii: "\n") }
        let collector = SMIQueryCollector()
        let elements = XMLElements()
        elements.onStart = { collector.start($0, id: $1) }
        elements.onEnd = { collector.end($0, $1) }
        do {
            try elements.parse(xml[start...], firstLine: firstLine)
        } catch {
            throw ReadingError(
                Self.expected, line: error.line, seen: elements.root.map { "<\($0)>" } ?? "",
                problem: error.description)
        }
        guard elements.root == "nvidia_smi_log" else {
            throw ReadingError(
                Self.expected, line: firstLine, seen: "<\(elements.root ?? "")>",
                problem: "the document is another one")
        }
        self = collector.reading
    }

    fileprivate init() {}
}

/// Puts a reading together while the elements go by.
private final class SMIQueryCollector {
    var reading = SMIQueryReading()
    private var texts: [String: String] = [:]
    private var process: [String: String] = [:]
    private var processes: [GPUProcessReading] = []

    func start(_ path: String, id: String?) {
        if path == "gpu" {
            texts = [:]
            processes = []
            // The attribute stands in where the pci block is missing (a GPU that is lost).
            if let id { texts["pci/pci_bus_id"] = id }
        }
    }

    func end(_ path: String, _ text: String) {
        switch path {
        case "timestamp": reading.timestamp = Quantity.text(text).value
        case "driver_version": reading.driverVersion = Quantity.text(text).value
        case "cuda_version": reading.cudaVersion = Quantity.text(text).value
        case "attached_gpus": reading.attachedGPUs = Quantity.whole(text, units: [""]).value
        case "error_string": reading.failure = Quantity.text(text).value
        case "gpu":
            var gpu = GPUReading(texts, dialect: \.xml)
            gpu.processes = processes
            reading.gpus.append(gpu)
        // compute_processes up to 340
        case "gpu/processes/process_info", "gpu/compute_processes/process_info":
            var reading = GPUProcessReading()
            reading.pid = process["pid"].map { Quantity.whole($0, units: [""]) } ?? .absent(.missing)
            reading.name = process["process_name"].map { Quantity.text($0) } ?? .absent(.missing)
            reading.type = process["type"].map { Quantity.text($0) } ?? .absent(.missing)
            reading.usedMemoryBytes = process["used_memory"].map { Quantity.bytes($0) } ?? .absent(.missing)
            processes.append(reading)
            process = [:]
        default:
            guard let below = path.after("gpu/") else { return }
            if let field = below.after("processes/process_info/") ?? below.after("compute_processes/process_info/") {
                process[String(field)] = text
            } else if Self.wanted.contains(String(below)) {
                texts[String(below)] = text
            }
        }
    }

    /// All places of all fields: what is not among them is not kept.
    private static let wanted = Set(SMIFields.all.flatMap(\.xml))
}
