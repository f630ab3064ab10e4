/// A device as CUDA sees it: a GPU, or an instance of one under MIG. deviceQuery and gpu-probe tell the same facts; what
/// the program, or its version, does not tell is nil.
public struct CUDADevice: Equatable, Sendable {
    private var values: [CUDAValue?]
    /// What gpu-probe measured on it, in order.
    public var copies: [GPUProbeReading.Copy] = []

    /// A device of which nothing is known.
    public init() { values = Array(repeating: nil, count: CUDAField.allCases.count) }

    subscript(field: CUDAField) -> CUDAValue? {
        get { values[field.rawValue] }
        set { values[field.rawValue] = newValue }
    }

    subscript(text field: CUDAField) -> String? {
        get { if case .text(let value)? = self[field] { value } else { nil } }
        set { self[field] = newValue.map { .text($0) } }
    }

    subscript(number field: CUDAField) -> Int64? {
        get { if case .integer(let value)? = self[field] { value } else { nil } }
        set { self[field] = newValue.map { .integer($0) } }
    }

    subscript(integer field: CUDAField) -> Int? {
        get { self[number: field].flatMap { Int(exactly: $0) } }
        set { self[number: field] = newValue.map { Int64($0) } }
    }

    subscript(flag field: CUDAField) -> Bool? {
        get { if case .flag(let value)? = self[field] { value } else { nil } }
        set { self[field] = newValue.map { .flag($0) } }
    }

    subscript(list field: CUDAField) -> [Int64]? {
        get { if case .list(let value)? = self[field] { value } else { nil } }
        set { self[field] = newValue.map { .list($0) } }
    }

    /// The last measured copy of a direction.
    public func last(_ direction: BandwidthTestReading.Direction) -> GPUProbeReading.Copy? {
        copies.last { $0.direction == direction }
    }
}

extension CUDADevice {
    /// CUDA's number of it.
    public var ordinal: Int? {
        get { self[integer: .ordinal] }
        set { self[integer: .ordinal] = newValue }
    }
    /// "GeForce GTX 1050 Ti".
    public var name: String? {
        get { self[text: .name] }
        set { self[text: .name] = newValue }
    }
    /// "GPU-2809c740-…", or "MIG-…" of an instance; deviceQuery does not tell it.
    public var uuid: String? {
        get { self[text: .uuid] }
        set { self[text: .uuid] = newValue }
    }
    /// Whether it is a MIG instance.
    public var isMIG: Bool? {
        get { self[flag: .isMIG] }
        set { self[flag: .isMIG] = newValue }
    }
    /// PCI address, "0000:00:16.0". deviceQuery has no domain before CUDA 6.5: there it is nil, and ``pciBus`` known.
    public var busID: String? {
        get { self[text: .busID] }
        set { self[text: .busID] = newValue }
    }
    /// PCI domain; nil before CUDA 6.5.
    public var pciDomain: Int? {
        get { self[integer: .pciDomain] }
        set { self[integer: .pciDomain] = newValue }
    }
    /// PCI bus.
    public var pciBus: Int? {
        get { self[integer: .pciBus] }
        set { self[integer: .pciBus] = newValue }
    }
    /// PCI device on the bus ("location ID").
    public var pciLocation: Int? {
        get { self[integer: .pciLocation] }
        set { self[integer: .pciLocation] = newValue }
    }
    /// The newest CUDA that the driver can run, "9.1". As printed: samples of CUDA 4.1 and before print "3.20".
    public var cudaVersion: String? {
        get { self[text: .cudaVersion] }
        set { self[text: .cudaVersion] = newValue }
    }
    /// The same as ``cudaVersion``, in deviceQuery's words; the driver's own version is told by nvidia-smi.
    public var driverVersion: String? {
        get { cudaVersion }
        set { cudaVersion = newValue }
    }
    /// The CUDA that the program was built with, "9.1".
    public var runtimeVersion: String? {
        get { self[text: .runtimeVersion] }
        set { self[text: .runtimeVersion] = newValue }
    }
    /// "6.1".
    public var computeCapability: String? {
        get { self[text: .computeCapability] }
        set { self[text: .computeCapability] = newValue }
    }
    /// Total memory that CUDA can use. nvidia-smi's total is more, where driver and ECC take their part.
    public var memoryTotalBytes: Int64? {
        get { self[number: .memoryTotalBytes] }
        set { self[number: .memoryTotalBytes] = newValue }
    }
    /// The same as ``memoryTotalBytes``, in deviceQuery's words.
    public var globalMemoryBytes: Int64? {
        get { memoryTotalBytes }
        set { memoryTotalBytes = newValue }
    }
    /// Free before copies were made.
    public var memoryFreeBytes: Int64? {
        get { self[number: .memoryFreeBytes] }
        set { self[number: .memoryFreeBytes] = newValue }
    }
    /// Number of multiprocessors.
    public var multiprocessors: Int? {
        get { self[integer: .multiprocessors] }
        set { self[integer: .multiprocessors] = newValue }
    }
    /// Cores of each multiprocessor.
    public var coresPerMultiprocessor: Int? {
        get { self[integer: .coresPerMultiprocessor] }
        set { self[integer: .coresPerMultiprocessor] = newValue }
    }
    /// Cores of them all.
    public var cores: Int? {
        get { self[integer: .cores] }
        set { self[integer: .cores] = newValue }
    }
    /// Highest clock of the multiprocessors in kHz.
    public var clockKHz: Int? {
        get { self[integer: .clockMHz] }
        set { self[integer: .clockMHz] = newValue }
    }
    /// Highest clock of the multiprocessors, rounded to MHz.
    public var clockMHz: Int? { Self.megahertz(clockKHz) }
    /// Highest clock of the memory in kHz.
    public var memoryClockKHz: Int? {
        get { self[integer: .memoryClockMHz] }
        set { self[integer: .memoryClockMHz] = newValue }
    }
    /// Highest clock of the memory, rounded to MHz.
    public var memoryClockMHz: Int? { Self.megahertz(memoryClockKHz) }
    /// Width of the bus to the memory.
    public var busWidthBits: Int? {
        get { self[integer: .busWidthBits] }
        set { self[integer: .busWidthBits] = newValue }
    }
    /// Level 2 cache.
    public var l2CacheBytes: Int64? {
        get { self[number: .l2CacheBytes] }
        set { self[number: .l2CacheBytes] = newValue }
    }
    /// Largest x of a one-dimensional texture, x and y of one with two, x, y and z of one with three.
    public var maximumTextures: (oneD: [Int64]?, twoD: [Int64]?, threeD: [Int64]?) {
        (self[list: .maximumTexture1D], self[list: .maximumTexture2D], self[list: .maximumTexture3D])
    }
    /// Largest x (and y) of a layered texture with one (two) dimensions; the last number is of layers.
    public var maximumLayeredTextures: (oneD: [Int64]?, twoD: [Int64]?) {
        (self[list: .maximumLayeredTexture1D], self[list: .maximumLayeredTexture2D])
    }
    /// Constant memory.
    public var constantMemoryBytes: Int64? { self[number: .constantMemoryBytes] }
    /// Shared memory of a block.
    public var sharedMemoryPerBlockBytes: Int64? {
        get { self[number: .sharedMemoryPerBlockBytes] }
        set { self[number: .sharedMemoryPerBlockBytes] = newValue }
    }
    /// Shared memory of a block whose kernel asks for more.
    public var sharedMemoryPerBlockOptInBytes: Int64? { self[number: .sharedMemoryPerBlockOptInBytes] }
    /// Shared memory of a multiprocessor.
    public var sharedMemoryPerMultiprocessorBytes: Int64? { self[number: .sharedMemoryPerMultiprocessorBytes] }
    /// Registers of a block.
    public var registersPerBlock: Int? {
        get { self[integer: .registersPerBlock] }
        set { self[integer: .registersPerBlock] = newValue }
    }
    /// Registers of a multiprocessor.
    public var registersPerMultiprocessor: Int? { self[integer: .registersPerMultiprocessor] }
    /// Threads that run in step.
    public var warpSize: Int? {
        get { self[integer: .warpSize] }
        set { self[integer: .warpSize] = newValue }
    }
    /// Most threads of a multiprocessor.
    public var threadsPerMultiprocessor: Int? {
        get { self[integer: .threadsPerMultiprocessor] }
        set { self[integer: .threadsPerMultiprocessor] = newValue }
    }
    /// Most blocks of a multiprocessor.
    public var blocksPerMultiprocessor: Int? { self[integer: .blocksPerMultiprocessor] }
    /// Most threads of a block.
    public var threadsPerBlock: Int? {
        get { self[integer: .threadsPerBlock] }
        set { self[integer: .threadsPerBlock] = newValue }
    }
    /// Largest x, y and z of a block.
    public var blockDimensions: [Int64]? {
        get { self[list: .blockDimensions] }
        set { self[list: .blockDimensions] = newValue }
    }
    /// Largest x, y and z of a grid.
    public var gridDimensions: [Int64]? {
        get { self[list: .gridDimensions] }
        set { self[list: .gridDimensions] = newValue }
    }
    /// Longest row of memory that a copy can step over.
    public var memoryPitchBytes: Int64? { self[number: .memoryPitchBytes] }
    /// What textures are aligned to.
    public var textureAlignmentBytes: Int64? { self[number: .textureAlignmentBytes] }
    /// Whether copies can be made while kernels run.
    public var concurrentCopy: Bool? { self[flag: .concurrentCopy] }
    /// Engines that copy while kernels run.
    public var copyEngines: Int? {
        get { self[integer: .copyEngines] }
        set { self[integer: .copyEngines] = newValue }
    }
    /// Whether a kernel that runs for long is ended, as on a GPU with a display.
    public var kernelTimeLimit: Bool? { self[flag: .kernelTimeLimit] }
    /// Whether it shares the host's memory.
    public var integrated: Bool? {
        get { self[flag: .integrated] }
        set { self[flag: .integrated] = newValue }
    }
    /// Whether it can use pages of the host's memory.
    public var canMapHostMemory: Bool? { self[flag: .canMapHostMemory] }
    /// Whether surfaces have to be aligned.
    public var surfaceAlignment: Bool? { self[flag: .surfaceAlignment] }
    /// Whether kernels can run at the same time.
    public var concurrentKernels: Bool? {
        get { self[flag: .concurrentKernels] }
        set { self[flag: .concurrentKernels] = newValue }
    }
    /// Whether ECC is on.
    public var eccEnabled: Bool? {
        get { self[flag: .eccEnabled] }
        set { self[flag: .eccEnabled] = newValue }
    }
    /// "TCC" or "WDDM", on Windows.
    public var driverMode: String? { self[text: .driverMode] }
    /// Whether host and device share one address space.
    public var unifiedAddressing: Bool? {
        get { self[flag: .unifiedAddressing] }
        set { self[flag: .unifiedAddressing] = newValue }
    }
    /// Whether streams have priorities.
    public var streamPriorities: Bool? { self[flag: .streamPriorities] }
    /// Whether memory can be managed by the driver.
    public var managedMemory: Bool? {
        get { self[flag: .managedMemory] }
        set { self[flag: .managedMemory] = newValue }
    }
    /// Whether host and device can use managed memory at the same time.
    public var concurrentManagedAccess: Bool? { self[flag: .concurrentManagedAccess] }
    /// Whether it can use all of the host's memory.
    public var pageableMemoryAccess: Bool? { self[flag: .pageableMemoryAccess] }
    /// Whether its board has another GPU.
    public var multiGPUBoard: Bool? { self[flag: .multiGPUBoard] }
    /// Whether a kernel can be interrupted.
    public var computePreemption: Bool? { self[flag: .computePreemption] }
    /// Whether the blocks of a kernel can wait for each other.
    public var cooperativeLaunch: Bool? { self[flag: .cooperativeLaunch] }
    /// The same over several GPUs; gone in CUDA 13.
    public var multiDeviceCooperativeLaunch: Bool? { self[flag: .multiDeviceCooperativeLaunch] }
    /// "default", "exclusive-process" or "prohibited" by gpu-probe; "Default", "Exclusive Process", "Exclusive" or
    /// "Prohibited" by deviceQuery.
    public var computeMode: String? {
        get { self[text: .computeMode] }
        set { self[text: .computeMode] = newValue }
    }

    private static func megahertz(_ kilohertz: Int?) -> Int? {
        kilohertz.flatMap { Int(exactly: (Double($0) / 1000).rounded()) }
    }
}

extension CUDADevice: Encodable {
    /// A field that is not known has no key. Clocks are in MHz.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FieldName.self)
        for field in CUDAField.allCases {
            guard let value = self[field] else { continue }
            if case .integer(let kilohertz) = value, field == .clockMHz || field == .memoryClockMHz {
                try container.encode(Double(kilohertz) / 1000, forKey: FieldName(field.key))
            } else {
                try container.encode(value, forKey: FieldName(field.key))
            }
        }
        if !copies.isEmpty { try container.encode(copies, forKey: FieldName("copies")) }
    }
}

/// A key of JSON that is known when the program runs.
struct FieldName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
