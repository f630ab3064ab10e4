/// What nvbandwidth said: NVIDIA's successor of bandwidthTest.
///
/// Known to read the text of 0.4 to 0.9, of one machine or of several (MPI), and the JSON of `--json` (0.6 and later).
public struct NVBandwidthReading: Equatable, Sendable {
    /// How a test case ended.
    public enum Status: String, Equatable, Sendable, Encodable {
        case passed, waived, failed
        /// It ran; no verdict was printed, or one that is not known.
        case unknown
    }

    /// One GPU.
    public struct Device: Equatable, Sendable, Encodable {
        /// CUDA's number of it, on its machine.
        public var number: Int
        /// "NVIDIA A10".
        public var name: String
        /// PCI address, "00000000:01:00.0"; nil before 0.6.
        public var busID: String?
        /// The machine that it is in; nil where it is not said.
        public var host: String?
        /// The process that uses it, where there are several (MPI).
        public var process: Int?
    }

    /// One test case.
    public struct TestCase: Equatable, Sendable, Encodable {
        /// "host_to_device_memcpy_ce".
        public var name: String
        /// How it ended. Text has no word for "passed" but its sum.
        public var status: Status
        /// "memcpy CE CPU(row) -> GPU(column) bandwidth (GB/s)".
        public var summary: String?
        /// Row by column, in units of 10^9 bytes per second (of nanoseconds in latency tests); nil where it is "N/A".
        public var matrix: [[Double?]]
        /// The sum of the matrix, as printed.
        public var sum: Double?
        /// The smallest figure; printed by `--verbose`, as the next two.
        public var minimum: Double?
        /// The largest figure.
        public var maximum: Double?
        /// The average of the figures.
        public var average: Double?
    }

    /// "v0.8".
    public var version: String?
    /// The driver, "550.54.15".
    public var driverVersion: String?
    /// The CUDA that it was built with, "12.4".
    public var runtimeVersion: String?
    /// The newest CUDA that the driver can run, "12.4"; JSON does not have it.
    public var cudaVersion: String?
    /// The machine that it ran on; nil where it is not said.
    public var host: String?
    /// The GPUs, in order.
    public var devices: [Device] = []
    /// The test cases in order.
    public var testCases: [TestCase] = []
    /// How many test cases were waived without being named, as text does.
    public var waivedUnnamed = 0
    /// What it says went wrong, in its own words.
    public var errors: [String] = []
    /// What it warns of, in its own words.
    public var notes: [String] = []

    /// Whether at least one test case was measured and none failed, and nothing went wrong.
    public var passed: Bool {
        errors.isEmpty && testCases.contains { $0.status == .passed } && !testCases.contains { $0.status == .failed }
    }

    /// The test case of that name.
    public func testCase(_ name: String) -> TestCase? { testCases.first { $0.name == name } }

    /// Reads the output, text or JSON.
    ///
    /// - Parameter text: what it printed; lines around it, and a missing end of a text, do no harm.
    /// - Throws: ``ReadingError`` where it is no output of nvbandwidth's.
    public init(parsing text: String) throws(ReadingError) {
        var warnings = WarningList()
        self = try Self.read(ByteText(text), warnings: &warnings)
    }

    init() {}

    static let expected = "the output of nvbandwidth"
    static let mostTestCases = 256
    static let mostRows = 1024
    static let mostErrors = 256

    static func read(_ text: ByteText, warnings: inout WarningList) throws(ReadingError) -> NVBandwidthReading {
        if text.has("\"nvbandwidth\"", in: text.whole) {
            return try NVBandwidthReading(json: text, warnings: &warnings)
        }
        var parser = NVBandwidthParser(text)
        for line in text.lines { parser.add(line, &warnings) }
        guard parser.recognised else {
            throw ReadingError(expected, text, problem: "there is neither its title nor a test case")
        }
        return parser.finished(&warnings)
    }

    /// 12040 is 12.4.
    static func release(_ number: Int) -> String { "\(number / 1000).\(number % 1000 / 10)" }

    /// The GPUs as those of the common model.
    public var gpus: [GPUReading] {
        devices.map { device in
            var gpu = GPUReading()
            gpu.name = .value(device.name)
            if let busID = device.busID { gpu.busID = .value(busID) }
            return gpu
        }
    }
}

extension NVBandwidthReading: Encodable {
    private enum CodingKeys: CodingKey {
        case gpus, devices, version, driverVersion, runtimeVersion, cudaVersion, host, testCases, waivedUnnamed
        case errors, notes, passed
    }

    /// With ``gpus`` and ``passed``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(gpus, forKey: .gpus)
        try container.encode(devices, forKey: .devices)
        try container.encodeIfPresent(version, forKey: .version)
        try container.encodeIfPresent(driverVersion, forKey: .driverVersion)
        try container.encodeIfPresent(runtimeVersion, forKey: .runtimeVersion)
        try container.encodeIfPresent(cudaVersion, forKey: .cudaVersion)
        try container.encodeIfPresent(host, forKey: .host)
        try container.encode(testCases, forKey: .testCases)
        if waivedUnnamed > 0 { try container.encode(waivedUnnamed, forKey: .waivedUnnamed) }
        try container.encode(errors, forKey: .errors)
        if !notes.isEmpty { try container.encode(notes, forKey: .notes) }
        try container.encode(passed, forKey: .passed)
    }
}
