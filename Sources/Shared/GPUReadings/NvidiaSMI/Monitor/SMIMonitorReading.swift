/// What dmon or pmon printed of one moment.
public struct MonitorSample: Equatable, Sendable, Encodable {
    /// "20210102", local; printed with `-o D`.
    public var date: String?
    /// "19:12:31", local; printed with `-o T`.
    public var time: String?
    /// The GPUs with the facts that were printed; by pmon, those with programs have them.
    public var gpus: [GPUReading] = []
}

/// What `nvidia-smi dmon` printed: a row per GPU and moment, with any of the columns of `-s` and `--gpm-metrics` and either of
/// `-o`, in blanks or as CSV. A hyphen, the GPU's word for having none, is ``Absence/notApplicable``.
public struct SMIDeviceMonitorReading: Equatable, Sendable {
    private let table: MonitorTable

    /// Reads the output.
    ///
    /// - Parameter text: the output from a heading on; lines that are no rows do no harm.
    /// - Throws: ``ReadingError`` where there is no heading of dmon's.
    public init(parsing text: String) throws(ReadingError) {
        var warnings = WarningList()
        self = try Self.read(ByteText(text), warnings: &warnings)
    }

    private init(_ table: MonitorTable) { self.table = table }

    static func read(
        _ text: ByteText, warnings: inout WarningList
    ) throws(ReadingError) -> SMIDeviceMonitorReading {
        .init(try .init(text, ofProcesses: false, expected: "the output of nvidia-smi dmon", warnings: &warnings))
    }

    /// How many samples there are.
    public var count: Int { table.count }

    /// One sample, by number from 0; it is made when it is asked for.
    public func sample(_ index: Int) -> MonitorSample { table.sample(index) }

    /// All samples in order, which takes more memory than their text did.
    public var samples: [MonitorSample] { table.allSamples }

    /// The GPUs of the last sample.
    public var gpus: [GPUReading] { table.gpus }
}

/// What `nvidia-smi pmon` printed: a row per program and moment, with any of the columns of `-s` and either of `-o`.
public struct SMIProcessMonitorReading: Equatable, Sendable {
    private let table: MonitorTable

    /// Reads the output.
    ///
    /// - Parameter text: the output from a heading on; lines that are no rows do no harm.
    /// - Throws: ``ReadingError`` where there is no heading of pmon's.
    public init(parsing text: String) throws(ReadingError) {
        var warnings = WarningList()
        self = try Self.read(ByteText(text), warnings: &warnings)
    }

    private init(_ table: MonitorTable) { self.table = table }

    static func read(
        _ text: ByteText, warnings: inout WarningList
    ) throws(ReadingError) -> SMIProcessMonitorReading {
        .init(try .init(text, ofProcesses: true, expected: "the output of nvidia-smi pmon", warnings: &warnings))
    }

    /// How many samples there are. Without `-o T` a sample ends where a program is seen again.
    public var count: Int { table.count }

    /// One sample, by number from 0; it is made when it is asked for.
    public func sample(_ index: Int) -> MonitorSample { table.sample(index) }

    /// All samples in order, which takes more memory than their text did.
    public var samples: [MonitorSample] { table.allSamples }

    /// The GPUs of the last sample, with their programs.
    public var gpus: [GPUReading] { table.gpus }
}

extension SMIDeviceMonitorReading: Encodable {
    /// ``gpus`` and ``samples``.
    public func encode(to encoder: any Encoder) throws { try table.encode(to: encoder) }
}

extension SMIProcessMonitorReading: Encodable {
    /// ``gpus`` and ``samples``.
    public func encode(to encoder: any Encoder) throws { try table.encode(to: encoder) }
}

extension MonitorTable {
    var allSamples: [MonitorSample] { (0..<count).map { sample($0) } }

    /// Of the last sample.
    var gpus: [GPUReading] { count > 0 ? sample(count - 1).gpus : [] }

    private enum Keys: CodingKey {
        case gpus, samples
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(gpus, forKey: .gpus)
        try container.encode(allSamples, forKey: .samples)
    }
}
