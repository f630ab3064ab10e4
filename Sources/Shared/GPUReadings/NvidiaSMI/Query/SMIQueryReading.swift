/// What `nvidia-smi -q -x` said.
///
/// Known to read the documents of 340 to 610. Elements are looked up by path, with the alternatives of the table of facts;
/// elements that are not known are kept as they are, in ``other`` and ``GPUReading/other``.
public struct SMIQueryReading: Equatable, Sendable {
    /// As printed: "Thu Mar 15 01:32:42 2018", local time of the machine.
    public var timestamp: String?
    /// "390.42"; that of the kernel module, where both are told.
    public var driverVersion: String?
    /// The newest CUDA that the driver can run, "11.4". Nil before 410, and where nvidia-smi does not find libcuda.
    public var cudaVersion: String?
    /// What the document itself says went wrong (`error_string`).
    public var failure: String?
    /// How many GPUs the document says there are; ``gpus`` has fewer where it was asked about some.
    public var attachedGPUs: Int?
    /// The GPUs in the order of the document. A machine without any gives a valid document.
    public var gpus: [GPUReading] = []
    /// What is not about a GPU, under names that this version of the library does not know.
    public var other: [OtherField] = []
    /// What could not be read, while the rest was.
    public var warnings: [ReadingWarning] = []

    static let expected = "nvidia-smi's XML"

    static let tree = PathTree(
        .xml,
        roles: [
            ("^gpu", .gpu), ("mig_devices/mig_device", .migDevice), ("processes/process_info", .process),
            ("compute_processes/process_info", .process),
            ("accounted_processes/accounted_process_info", .accountedProcess),
            ("supported_clocks/supported_mem_clock/value", .memoryClock),
            ("supported_clocks/supported_mem_clock/supported_graphics_clock", .graphicsClock),
        ],
        hash: { $0.withUnsafeBytes(NameHash.of) })

    /// Reads a document. Text before it and behind its end (prompts, banners) is ignored.
    ///
    /// - Parameter xml: the document.
    /// - Throws: ``ReadingError`` for what is not such a document, is cut short, or is hostile.
    public init(xml: String) throws(ReadingError) {
        try self.init(xml: Array(xml.utf8))
    }

    /// Reads a document in the encoding that it declares, UTF-8 by default, or in UTF-16.
    ///
    /// - Parameter xml: the document.
    /// - Throws: ``ReadingError`` for what is not such a document, is cut short, or is hostile.
    public init(xml: [UInt8]) throws(ReadingError) {
        let isWide = xml.count > 1 && (xml[0] == 0 || xml[1] == 0 || xml[0] >= 0xfe)
        self = isWide ? try Self.read(ByteText(xml)) : try Self.read(xml, encoding: nil)
    }

    /// Reads the first document of a text.
    static func read(_ text: ByteText) throws(ReadingError) -> SMIQueryReading {
        try read(text.bytes, encoding: "UTF-8")
    }

    private static func read(_ bytes: [UInt8], encoding: String?) throws(ReadingError) -> SMIQueryReading {
        guard let start = XMLStart.find(in: bytes[...], isLast: true) ?? bytes.firstIndex(of: UInt8(ascii: "<")) else {
            throw ReadingError(expected, ByteText(bytes), problem: "there is no element")
        }
        let firstLine = 1 + bytes[..<start].count { $0 == UInt8(ascii: "\n") }
        guard let document = XMLDocument(firstLine: firstLine, encoding: encoding) else { throw noMemory }
        do {
            _ = try document.feed(bytes[start...], isLast: true)
        } catch {
            // The name of a program can have any bytes.
            guard document.metBadBytes else { throw error }
            let repaired = Array(String(decoding: bytes, as: UTF8.self).utf8)
            guard repaired != bytes else { throw error }
            return try read(repaired, encoding: "UTF-8")
        }
        return document.reading
    }

    static let noMemory = ReadingError(expected, line: 1, seen: "", problem: "there is no memory to parse it")

    init(_ collector: QueryCollector, firstLine: Int) {
        let document = collector.document
        timestamp = document.text(.timestamp).value
        driverVersion = document.text(.driverVersion).value
        cudaVersion = document.text(.cudaVersion).value
        failure = document.text(.errorString).value
        attachedGPUs = document.whole(.gpuCount).value
        gpus = collector.gpus
        other = collector.other
        warnings = collector.warnings.all
        for index in warnings.indices { warnings[index].line += firstLine - 1 }
    }
}

extension SMIQueryReading: Encodable {
    private enum CodingKeys: CodingKey {
        case timestamp, driverVersion, cudaVersion, failure, attachedGPUs, gpus, other
    }
}
