/// What gpu-probe said: the project's own program, which asks libcuda for what deviceQuery asks and measures copies of
/// pinned memory.
///
/// Fields that are missing or of another kind are nil; unknown ones are ignored, so that an older host reads a newer
/// probe's document.
public struct GPUProbeReading: Equatable, Sendable {
    /// One copy that was measured.
    public struct Copy: Equatable, Sendable, Encodable {
        /// Between which memories; the host's is pinned.
        public var direction: BandwidthTestReading.Direction
        /// Size of one copy.
        public var transferBytes: Int64
        /// How many were timed.
        public var repeats: Int?
        /// As bandwidthTest counts: within the device each byte twice. Nil where no time could be taken.
        public var bytesPerSecond: Double?
        /// True where the time is of the GPU's own events, false where of the host's clock.
        public var timedByEvents: Bool?
        /// Whether the bytes that arrived are those that were sent.
        public var verified: Bool
    }

    /// One GPU, or one MIG instance.
    public typealias Device = CUDADevice

    /// One call that failed.
    public struct Trouble: Equatable, Sendable, CustomStringConvertible, Encodable {
        /// "cuInit", "dlopen", "compare".
        public var call: String
        /// libcuda's number of the device, nil where it is about none.
        public var device: Int?
        /// The CUresult; nil where it is no call of libcuda's.
        public var code: Int?
        /// "CUDA_ERROR_NO_DEVICE".
        public var name: String?
        /// In words.
        public var text: String

        /// "cuInit returned 100 (CUDA_ERROR_NO_DEVICE): no CUDA-capable device is detected".
        public var description: String {
            var line = call
            if let device { line += " on device \(device)" }
            if let code { line += " returned \(code)" }
            if let name, !name.isEmpty { line += " (\(name))" }
            return text.isEmpty ? line : line + ": " + text
        }
    }

    /// The layout's number; 1 so far.
    public var schema: Int
    /// The program's verdict; nil where it gave none.
    public var passed: Bool?
    /// The file that libcuda was loaded from.
    public var library: String?
    /// The newest CUDA that the driver can run, "12.4".
    public var cudaVersion: String?
    /// The same as ``cudaVersion``; the driver's own version is told by nvidia-smi.
    public var driverVersion: String? {
        get { cudaVersion }
        set { cudaVersion = newValue }
    }
    /// How many devices libcuda counted.
    public var announcedDevices: Int?
    /// The devices that answered.
    public var devices: [Device] = []
    /// What failed.
    public var troubles: [Trouble] = []

    /// Reads the document; lines before and after it do no harm.
    ///
    /// - Parameter text: what the program printed.
    /// - Throws: ``ReadingError`` where it is no document of gpu-probe's, or half of one.
    public init(parsing text: String) throws(ReadingError) {
        self = try Self.read(ByteText(text))
    }

    static func read(_ text: ByteText, warnings: inout WarningList) throws(ReadingError) -> GPUProbeReading {
        let reading = try read(text)
        if reading.passed == nil { warnings.add(text.firstSaid.number, "result", "there is no verdict") }
        return reading
    }

    private static func read(_ text: ByteText) throws(ReadingError) -> GPUProbeReading {
        let expected = "the output of gpu-probe"
        let document = try JSONText(objectIn: text, expected: expected)
        guard let schema = document["gpu_probe"]?.int, schema > 0 else {
            throw ReadingError(expected, text, problem: "there is no field gpu_probe")
        }
        return GPUProbeReading(schema: schema, document)
    }

    private init(schema: Int, _ document: JSONText) {
        self.schema = schema
        passed = document["result"]?.choice(("pass", true), ("fail", false))
        library = document["library"]?.string
        cudaVersion = document["driver_api_version"]?.string
        announcedDevices = document["device_count"]?.int
        devices = (document["devices"]?.elements(Self.mostDevices) ?? []).map(Device.init)
        troubles = (document["errors"]?.elements(Self.mostTroubles) ?? []).compactMap(Trouble.init)
    }

    private static let mostDevices = 64
    private static let mostTroubles = 64

    /// The devices as GPUs of the common model.
    public var gpus: [GPUReading] { devices.map { GPUReading($0) } }
}

extension GPUProbeReading: Encodable {
    private enum CodingKeys: CodingKey {
        case gpus, devices, schema, passed, library, cudaVersion, announcedDevices, troubles
    }

    /// Devices as they are, and as GPUs of the common model.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(gpus, forKey: .gpus)
        try container.encode(devices, forKey: .devices)
        try container.encode(schema, forKey: .schema)
        try container.encodeIfPresent(passed, forKey: .passed)
        try container.encodeIfPresent(library, forKey: .library)
        try container.encodeIfPresent(cudaVersion, forKey: .cudaVersion)
        try container.encodeIfPresent(announcedDevices, forKey: .announcedDevices)
        try container.encode(troubles, forKey: .troubles)
    }
}

extension CUDADevice {
    private static let keys = LabelTable(
        CUDAField.definitions.compactMap { definition in definition.probe.map { ($0, definition) } })

    fileprivate init(_ json: JSONText) {
        self.init()
        json.eachMember { key, value in
            guard let definition = Self.keys.value(key, in: json.text) else { return }
            switch definition.kind {
            case .flag: self[flag: definition.field] = value.bool
            case .list: self[list: definition.field] = value.elements(3)?.compactMap(\.int64)
            case .text, .version: self[text: definition.field] = value.string
            default: self[number: definition.field] = value.int64
            }
        }
        copies = (json["copies"]?.elements(64) ?? []).compactMap(GPUProbeReading.Copy.init)
    }
}

extension GPUProbeReading.Copy {
    fileprivate init?(_ json: JSONText) {
        let direction: BandwidthTestReading.Direction? = json["kind"]?.choice(
            ("host-to-device", .hostToDevice), ("device-to-host", .deviceToHost), ("device-to-device", .deviceToDevice))
        guard let direction, let bytes = json["bytes"]?.int64, bytes > 0
        else { return nil }
        self.direction = direction
        transferBytes = bytes
        repeats = json["repeat"]?.int
        bytesPerSecond = json["gigabytes_per_second"]?.double.map { $0 * 1e9 }.flatMap { $0 >= 0 ? $0 : nil }
        timedByEvents = json["timer"]?.choice(("event", true), ("clock", false))
        verified = json["verified"]?.bool ?? false
    }
}

extension GPUProbeReading.Trouble {
    fileprivate init?(_ json: JSONText) {
        guard let call = json["call"]?.string else { return nil }
        self.call = call
        device = json["device"]?.int
        code = json["code"]?.int
        name = json["name"]?.string
        text = json["text"]?.string ?? ""
    }
}
