/// What `nvidia-smi --query-gpu=… --format=csv` said, or one of the lists: `--query-compute-apps`,
/// `--query-accounted-apps`, `--query-retired-pages`, `--query-remapped-rows`.
///
/// The header names the columns, with units or not; without a header (`noheader`) the caller names them. There is no quoting,
/// so a row with another number of cells than the header is left out, with a warning; but one whose program's name has
/// commas is read.
public struct SMICSVReading: Equatable, Sendable {
    /// The columns, without their units.
    public var columns: [String] = []
    /// Of `--query-gpu`, one for each row: a loop (`-l`) has each GPU many times, told apart by ``GPUFact/timestamp``. Of a
    /// list, one for each GPU and time, with what the list has of it.
    public var gpus: [GPUReading] = []
    /// What could not be read, while the rest was.
    public var warnings: [ReadingWarning] = []

    static let expected = "nvidia-smi's CSV"

    /// Reads the output.
    ///
    /// - Parameters:
    ///   - text: the output. Lines before the header are ignored.
    ///   - columns: what was asked for, for an output without header. A header goes before it.
    /// - Throws: ``ReadingError`` where there is no header and no `columns`, or no row that fits them.
    public init(parsing text: String, columns: [String]? = nil) throws(ReadingError) {
        self = try Self.read(ByteText(text), columns: columns)
    }

    /// Reads the output, in UTF-8 or UTF-16.
    ///
    /// - Parameters:
    ///   - bytes: the output. Lines before the header are ignored.
    ///   - columns: what was asked for, for an output without header. A header goes before it.
    /// - Throws: ``ReadingError`` where there is no header and no `columns`, or no row that fits them.
    public init(parsing bytes: [UInt8], columns: [String]? = nil) throws(ReadingError) {
        self = try Self.read(ByteText(bytes), columns: columns)
    }

    static func read(_ text: ByteText, columns: [String]? = nil) throws(ReadingError) -> SMICSVReading {
        var parser = SMICSVParser(columns: columns)
        parser.run(text)
        guard parser.hasHeader || (columns != nil && !parser.gpus.isEmpty) else {
            throw ReadingError(
                expected, text,
                problem: columns == nil
                    ? "there is no line with names of columns" : "there is no row with these columns")
        }
        var reading = SMICSVReading()
        reading.columns = parser.names
        reading.gpus = parser.gpus
        reading.warnings = parser.warnings.all
        return reading
    }

    private init() {}
}

extension SMICSVReading: Encodable {
    private enum CodingKeys: CodingKey {
        case columns, gpus
    }
}
