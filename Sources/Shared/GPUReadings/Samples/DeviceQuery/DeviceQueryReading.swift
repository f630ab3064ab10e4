/// What the CUDA sample deviceQuery (or deviceQueryDrv) said.
///
/// Known to read the layouts of CUDA 3.2 to 13.2. Of other programs with such a name, of which there are many, this is
/// told by NVIDIA's own spelling of the title or of the capability line.
public struct DeviceQueryReading: Equatable, Sendable {
    /// One GPU.
    public typealias Device = CUDADevice

    /// Whether one GPU can read and write the memory of another.
    public struct PeerAccess: Equatable, Sendable, Encodable {
        /// CUDA's number of the GPU that reads and writes.
        public var from: Int
        /// CUDA's number of the GPU that has the memory.
        public var to: Int
        /// Whether it can.
        public var access: Bool
    }

    /// The GPUs, in order.
    public var devices: [Device] = []
    /// How many GPUs the program announced; nil where that line is missing.
    public var announcedDevices: Int?
    /// The pairs of GPUs, in order; told where there are several.
    public var peerAccess: [PeerAccess] = []
    /// The newest CUDA that the driver can run, by the last line or the first device.
    public var cudaVersion: String?
    /// The CUDA that the program was built with, by the last line or the first device.
    public var runtimeVersion: String?
    /// The last line's verdict; nil where the output ends before it.
    public var passed: Bool?
    /// The call that failed, nil where none did.
    public var failure: CUDAFailure?
    /// Lines of a device that no field is known for, or whose value is of another kind, by number of the device and label.
    public var other: [OtherField] = []

    /// The same as ``cudaVersion``, in deviceQuery's words; the driver's own version is told by nvidia-smi.
    public var driverVersion: String? {
        get { cudaVersion }
        set { cudaVersion = newValue }
    }

    /// Reads the output.
    ///
    /// - Parameter text: the output; lines around it, and a missing end, do no harm.
    /// - Throws: ``ReadingError`` where it is no output of NVIDIA's sample.
    public init(parsing text: String) throws(ReadingError) {
        var warnings = WarningList()
        self = try Self.read(ByteText(text), warnings: &warnings)
    }

    init() {}

    static func read(_ text: ByteText, warnings: inout WarningList) throws(ReadingError) -> DeviceQueryReading {
        var parser = DeviceQueryParser(text)
        for line in text.lines { parser.add(line, &warnings) }
        guard parser.recognised else {
            throw ReadingError(
                "the output of deviceQuery", text, problem: "there is neither its title nor a line of a device")
        }
        return parser.finished(&warnings)
    }

    /// The devices as GPUs of the common model.
    public var gpus: [GPUReading] { devices.map { GPUReading($0) } }
}

extension DeviceQueryReading: Encodable {
    private enum CodingKeys: CodingKey {
        case gpus, devices, announcedDevices, peerAccess, cudaVersion, runtimeVersion, passed, failure, other
    }

    /// Devices as they are, and as GPUs of the common model.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(gpus, forKey: .gpus)
        try container.encode(devices, forKey: .devices)
        try container.encodeIfPresent(announcedDevices, forKey: .announcedDevices)
        if !peerAccess.isEmpty { try container.encode(peerAccess, forKey: .peerAccess) }
        try container.encodeIfPresent(cudaVersion, forKey: .cudaVersion)
        try container.encodeIfPresent(runtimeVersion, forKey: .runtimeVersion)
        try container.encodeIfPresent(passed, forKey: .passed)
        try container.encodeIfPresent(failure, forKey: .failure)
        if !other.isEmpty { try container.encode(other, forKey: .other) }
    }
}
