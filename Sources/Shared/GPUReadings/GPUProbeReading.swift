/// What gpu-probe said: the project's own program, which asks libcuda for what deviceQuery asks and measures copies of
/// pinned memory.
///
/// Fields that are missing or of another kind are nil; unknown ones are ignored, so that an older host reads a newer
/// probe's document.
public struct GPUProbeReading: Equatable, Sendable {
    /// One copy that was measured.
    public struct Copy: Equatable, Sendable {
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
    public struct Device: Equatable, Sendable {
        /// libcuda's number of it.
        public var ordinal: Int?
        /// "NVIDIA H100 80GB HBM3".
        public var name: String?
        /// "GPU-2809c740-…", or "MIG-…" of an instance.
        public var uuid: String?
        /// Whether it is a MIG instance.
        public var isMIG: Bool?
        /// PCI address as libcuda spells it: "0000:00:16.0".
        public var busID: String?
        /// "6.1".
        public var computeCapability: String?
        /// Total memory.
        public var memoryTotalBytes: Int64?
        /// Free before the copies were made.
        public var memoryFreeBytes: Int64?
        /// Number of multiprocessors.
        public var multiprocessors: Int?
        /// Highest clock of the multiprocessors.
        public var clockKHz: Int?
        /// Highest clock of the memory.
        public var memoryClockKHz: Int?
        /// Width of the bus to the memory.
        public var busWidthBits: Int?
        /// Level 2 cache.
        public var l2CacheBytes: Int64?
        /// Threads that run in step.
        public var warpSize: Int?
        /// Most threads of a block.
        public var threadsPerBlock: Int?
        /// Most threads of a multiprocessor.
        public var threadsPerMultiprocessor: Int?
        /// Shared memory of a block.
        public var sharedMemoryPerBlockBytes: Int64?
        /// Registers of a block.
        public var registersPerBlock: Int?
        /// Largest x, y and z of a block.
        public var blockDimensions: [Int64]?
        /// Largest x, y and z of a grid.
        public var gridDimensions: [Int64]?
        /// Engines that copy while kernels run.
        public var copyEngines: Int?
        /// Whether ECC is on.
        public var eccEnabled: Bool?
        /// Whether it shares the host's memory.
        public var integrated: Bool?
        /// Whether host and device share one address space.
        public var unifiedAddressing: Bool?
        /// Whether kernels can run at the same time.
        public var concurrentKernels: Bool?
        /// Whether memory can be managed by the driver.
        public var managedMemory: Bool?
        /// "default", "exclusive-process" or "prohibited".
        public var computeMode: String?
        /// The copies in the order in which they were measured; empty where none was.
        public var copies: [Copy] = []

        /// The last figure of a direction.
        public func last(_ direction: BandwidthTestReading.Direction) -> Copy? {
            copies.last { $0.direction == direction }
        }
    }

    /// One call that failed.
    public struct Trouble: Equatable, Sendable, CustomStringConvertible {
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
    public var driverVersion: String?
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
        let expected = "the output of gpu-probe"
        let document = try JSON(documentIn: text, expected: expected)
        guard let schema = document["gpu_probe"]?.int, schema > 0 else {
            let said = Lines(text).firstSaid
            throw ReadingError(expected, line: said.number, seen: said.text, problem: "there is no field gpu_probe")
        }
        self.schema = schema
        passed = document["result"]?.string.flatMap { ["pass": true, "fail": false][$0] }
        library = document["library"]?.string
        driverVersion = document["driver_api_version"]?.string
        announcedDevices = document["device_count"]?.int
        devices = (document["devices"]?.elements(Self.mostDevices) ?? []).map(Device.init)
        troubles = (document["errors"]?.elements(Self.mostTroubles) ?? []).compactMap(Trouble.init)
    }

    private static let mostDevices = 64
    private static let mostTroubles = 64
}

extension GPUProbeReading.Device {
    fileprivate init(_ json: JSON) {
        ordinal = json["ordinal"]?.int
        name = json["name"]?.string
        uuid = json["uuid"]?.string
        isMIG = json["mig"]?.bool
        busID = json["pci_bus_id"]?.string
        computeCapability = json["compute_capability"]?.string
        memoryTotalBytes = json["total_memory_bytes"]?.int64
        memoryFreeBytes = json["free_memory_bytes"]?.int64
        multiprocessors = json["multiprocessors"]?.int
        clockKHz = json["clock_khz"]?.int
        memoryClockKHz = json["memory_clock_khz"]?.int
        busWidthBits = json["memory_bus_bits"]?.int
        l2CacheBytes = json["l2_cache_bytes"]?.int64
        warpSize = json["warp_size"]?.int
        threadsPerBlock = json["threads_per_block"]?.int
        threadsPerMultiprocessor = json["threads_per_multiprocessor"]?.int
        sharedMemoryPerBlockBytes = json["shared_memory_per_block_bytes"]?.int64
        registersPerBlock = json["registers_per_block"]?.int
        blockDimensions = json["block_dimensions"]?.elements(3)?.compactMap(\.int64)
        gridDimensions = json["grid_dimensions"]?.elements(3)?.compactMap(\.int64)
        copyEngines = json["copy_engines"]?.int
        eccEnabled = json["ecc"]?.bool
        integrated = json["integrated"]?.bool
        unifiedAddressing = json["unified_addressing"]?.bool
        concurrentKernels = json["concurrent_kernels"]?.bool
        managedMemory = json["managed_memory"]?.bool
        computeMode = json["compute_mode"]?.string
        copies = (json["copies"]?.elements(64) ?? []).compactMap(GPUProbeReading.Copy.init)
    }
}

extension GPUProbeReading.Copy {
    private static let directions: [String: BandwidthTestReading.Direction] = [
        "host-to-device": .hostToDevice, "device-to-host": .deviceToHost, "device-to-device": .deviceToDevice,
    ]

    fileprivate init?(_ json: JSON) {
        guard let direction = json["kind"]?.string.flatMap({ Self.directions[$0] }),
            let bytes = json["bytes"]?.int64, bytes > 0
        else { return nil }
        self.direction = direction
        transferBytes = bytes
        repeats = json["repeat"]?.int
        bytesPerSecond = json["gigabytes_per_second"]?.double.map { $0 * 1e9 }.flatMap { $0 >= 0 ? $0 : nil }
        timedByEvents = json["timer"]?.string.flatMap { ["event": true, "clock": false][$0] }
        verified = json["verified"]?.bool ?? false
    }
}

extension GPUProbeReading.Trouble {
    fileprivate init?(_ json: JSON) {
        guard let call = json["call"]?.string else { return nil }
        self.call = call
        device = json["device"]?.int
        code = json["code"]?.int
        name = json["name"]?.string
        text = json["text"]?.string ?? ""
    }
}
