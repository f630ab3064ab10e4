/// What one run of the CUDA sample bandwidthTest said.
///
/// Known to read CUDA 6.0 to 12.x: the quick, range and shmoo modes, and `--csv`.
public struct BandwidthTestReading: Equatable, Sendable {
    /// Between which memories was copied.
    public enum Direction: String, Equatable, Sendable, Encodable {
        case hostToDevice, deviceToHost
        /// Within the GPU. NVIDIA counts each byte twice, as read and as written.
        case deviceToDevice
    }

    /// Which memory of the host took part.
    public enum HostMemory: String, Equatable, Sendable, Encodable {
        /// Locked in RAM, so that the GPU fetches it by itself.
        case pinned
        /// Ordinary memory, copied once more by the driver.
        case pageable
    }

    /// The unit that was printed.
    public enum Unit: String, Equatable, Sendable, Encodable {
        /// In older samples, where it stands for 2^20 bytes: they divide by `1 << 20` (with copies of 33554432 bytes).
        case megabytesPerSecond = "MB/s"
        /// In newer ones, 10^9 bytes (with copies of 32000000 bytes).
        case gigabytesPerSecond = "GB/s"

        /// Bytes per second in one.
        public var factor: Double {
            switch self {
            case .megabytesPerSecond: 1_048_576
            case .gigabytesPerSecond: 1e9
            }
        }
    }

    /// One line of a table.
    public struct Measurement: Equatable, Sendable {
        /// Between which memories.
        public var direction: Direction
        /// Which memory of the host; nil where it is not said. The tables say it of device to device too, where it means
        /// nothing.
        public var hostMemory: HostMemory?
        /// Size of one copy.
        public var transferBytes: Int64
        /// The number that was printed.
        public var printed: Double
        /// Its unit.
        public var unit: Unit

        /// A figure.
        public init(
            direction: Direction, hostMemory: HostMemory?, transferBytes: Int64, printed: Double, unit: Unit
        ) {
            self.direction = direction
            self.hostMemory = hostMemory
            self.transferBytes = transferBytes
            self.printed = printed
            self.unit = unit
        }

        /// What was measured.
        public var bytesPerSecond: Double { printed * unit.factor }
    }

    /// The GPUs that were measured, "GeForce GTX 1050 Ti".
    public var devices: [String] = []
    /// "Quick", "Range" or "Shmoo"; nil where it is not said.
    public var mode: String?
    /// The figures in order.
    public var measurements: [Measurement] = []
    /// The last line's verdict; nil where the output ends before it, as it does when a call of CUDA fails.
    public var passed: Bool?
    /// The call of CUDA that failed, nil where none did.
    public var failure: CUDAFailure?

    /// The last figure of a direction; tables of several sizes end with the largest.
    public func last(_ direction: Direction) -> Measurement? {
        measurements.last { $0.direction == direction }
    }

    /// Reads the output; of several runs in one text, the last.
    ///
    /// - Parameter text: the output; lines around it, and a missing end, do no harm.
    /// - Throws: ``ReadingError`` where it is no output of NVIDIA's sample.
    public init(parsing text: String) throws(ReadingError) {
        let runs = try Self.runs(in: text)
        self = runs[runs.count - 1]
    }

    /// Reads all the runs in one text, in order; at least one.
    ///
    /// - Parameter text: the output of one run after another.
    /// - Returns: the runs.
    /// - Throws: ``ReadingError`` where there is none.
    public static func runs(in text: String) throws(ReadingError) -> [BandwidthTestReading] {
        var warnings = WarningList()
        return try runs(ByteText(text), warnings: &warnings)
    }

    /// The runs in one text; at least one.
    static func runs(
        _ text: ByteText, warnings: inout WarningList
    ) throws(ReadingError) -> [BandwidthTestReading] {
        var parser = BandwidthTestParser(text)
        for line in text.lines { parser.add(line, &warnings) }
        guard !parser.runs.isEmpty else {
            throw ReadingError(
                "the output of bandwidthTest", text, problem: "there is neither its title nor a figure")
        }
        return parser.finished(&warnings)
    }

    /// The last run in the text.
    static func read(
        _ text: ByteText, warnings: inout WarningList
    ) throws(ReadingError) -> BandwidthTestReading {
        let runs = try runs(text, warnings: &warnings)
        return runs[runs.count - 1]
    }

    init() {}

    /// The GPUs as those of the common model: their names, which are all that is told of them.
    public var gpus: [GPUReading] {
        devices.map { name in
            var gpu = GPUReading()
            gpu.name = .value(name)
            return gpu
        }
    }
}

extension BandwidthTestReading.Measurement: Encodable {
    private enum CodingKeys: CodingKey {
        case direction, hostMemory, transferBytes, bytesPerSecond, printed, unit
    }

    /// With ``bytesPerSecond``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(direction, forKey: .direction)
        try container.encodeIfPresent(hostMemory, forKey: .hostMemory)
        try container.encode(transferBytes, forKey: .transferBytes)
        try container.encode(bytesPerSecond, forKey: .bytesPerSecond)
        try container.encode(printed, forKey: .printed)
        try container.encode(unit, forKey: .unit)
    }
}

extension BandwidthTestReading: Encodable {
    private enum CodingKeys: CodingKey {
        case gpus, mode, measurements, passed, failure
    }

    /// With ``gpus``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(gpus, forKey: .gpus)
        try container.encodeIfPresent(mode, forKey: .mode)
        try container.encode(measurements, forKey: .measurements)
        try container.encodeIfPresent(passed, forKey: .passed)
        try container.encodeIfPresent(failure, forKey: .failure)
    }
}
