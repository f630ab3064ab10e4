/// What `nvidia-smi -q`, or a part of it (`-q -d TEMPERATURE`), said as text.
///
/// Known to read 340 to 610. A line is `key : value`, split at the first " : " because the column of the colon moves with
/// the version (35, 41, 54); depth is the indentation. Keys that are not known are kept as they are, in ``other`` and
/// ``GPUReading/other``.
public struct SMITextReading: Equatable, Sendable {
    /// As printed: "Thu Mar 15 01:32:42 2018", local time of the machine.
    public var timestamp: String?
    /// "390.42"; from 610 on that of the kernel module.
    public var driverVersion: String?
    /// The newest CUDA that the driver can run, "11.4".
    public var cudaVersion: String?
    /// How many GPUs the text says there are.
    public var attachedGPUs: Int?
    /// The GPUs in the order of the text. What was not asked for is absent as ``Absence/missing``.
    public var gpus: [GPUReading] = []
    /// What is not about a GPU, under names that this version of the library does not know.
    public var other: [OtherField] = []
    /// What could not be read, while the rest was.
    public var warnings: [ReadingWarning] = []

    static let expected = "the text of nvidia-smi -q"

    /// Reads the text. Lines before its heading (prompts, errors about single GPUs) are ignored.
    ///
    /// - Parameter text: the output.
    /// - Throws: ``ReadingError`` where it has neither the heading nor a GPU.
    public init(parsing text: String) throws(ReadingError) {
        self = try Self.read(ByteText(text))
    }

    /// Reads the text, in UTF-8 or UTF-16.
    ///
    /// - Parameter bytes: the output.
    /// - Throws: ``ReadingError`` where it has neither the heading nor a GPU.
    public init(parsing bytes: [UInt8]) throws(ReadingError) {
        self = try Self.read(ByteText(bytes))
    }

    /// Reads the first output of a text.
    static func read(_ text: ByteText) throws(ReadingError) -> SMITextReading {
        var parser = SMITextParser(text)
        parser.run()
        guard parser.foundSomething else {
            throw ReadingError(
                expected, text, problem: parser.sawHeading ? "nothing follows the heading" : "there is no NVSMI LOG")
        }
        return SMITextReading(parser.collector)
    }

    private init(_ collector: QueryCollector) {
        timestamp = collector.document.text(.timestamp).value
        driverVersion = collector.document.text(.driverVersion).value
        cudaVersion = collector.document.text(.cudaVersion).value
        attachedGPUs = collector.document.whole(.gpuCount).value
        gpus = collector.gpus
        other = collector.other
        warnings = collector.warnings.all
    }
}

extension SMITextReading: Encodable {
    private enum CodingKeys: CodingKey {
        case timestamp, driverVersion, cudaVersion, attachedGPUs, gpus, other
    }
}
