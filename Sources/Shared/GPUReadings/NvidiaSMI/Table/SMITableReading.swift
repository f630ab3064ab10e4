/// What `nvidia-smi` without options said: the table for people.
///
/// Known to read the tables of 319 to 610, which are 79, 89 or 91 columns wide. Columns are found by their `|`, never by
/// position. It has less than the other outputs, and cuts names; where there is a choice, ask for `-q -x`.
public struct SMITableReading: Equatable, Sendable {
    /// As printed above the table: "Thu Mar 15 01:32:42 2018", local time of the machine.
    public var timestamp: String?
    /// The version of nvidia-smi itself; in containers it can be another than the driver's.
    public var smiVersion: String?
    /// "390.42"; from 610 on that of the kernel module.
    public var driverVersion: String?
    /// The newest CUDA that the driver can run, "11.4". Nil before 410.72.
    public var cudaVersion: String?
    /// The GPUs in the order of the table. ``GPUReading/processes`` has those whose row names the GPU.
    public var gpus: [GPUReading] = []
    /// The GPUs' numbers in the first column, in the order of ``gpus``.
    public var indices: [Int] { gpus.map { $0.facts.whole(.index).value ?? -1 } }
    /// What could not be read, while the rest was.
    public var warnings: [ReadingWarning] = []

    static let expected = "nvidia-smi's table"

    /// Reads the table. Lines around it (prompts, errors about other GPUs) are ignored.
    ///
    /// - Parameter text: the output.
    /// - Throws: ``ReadingError`` where there is neither the line with the versions nor a GPU.
    public init(parsing text: String) throws(ReadingError) {
        self = try Self.read(ByteText(text))
    }

    /// Reads the table, in UTF-8 or UTF-16.
    ///
    /// - Parameter bytes: the output.
    /// - Throws: ``ReadingError`` where there is neither the line with the versions nor a GPU.
    public init(parsing bytes: [UInt8]) throws(ReadingError) {
        self = try Self.read(ByteText(bytes))
    }

    /// Reads the first table of a text.
    static func read(_ text: ByteText) throws(ReadingError) -> SMITableReading {
        var parser = SMITableParser(text)
        parser.run()
        guard parser.reading.smiVersion != nil || !parser.reading.gpus.isEmpty else {
            throw ReadingError(expected, text, problem: "there is neither a line with its version nor a GPU")
        }
        return parser.reading
    }

    init() {}
}

extension SMITableReading: Encodable {
    private enum CodingKeys: CodingKey {
        case timestamp, smiVersion, driverVersion, cudaVersion, gpus
    }
}
