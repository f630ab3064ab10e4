/// The facts that a CUDA program can ask of a device, as deviceQuery prints and gpu-probe writes them.
enum CUDAField: Int, CaseIterable {
    case ordinal, name, uuid, isMIG, busID, pciDomain, pciBus, pciLocation
    case cudaVersion, runtimeVersion, computeCapability
    case memoryTotalBytes, memoryFreeBytes, multiprocessors, coresPerMultiprocessor, cores
    case clockMHz, memoryClockMHz, busWidthBits, l2CacheBytes
    case maximumTexture1D, maximumTexture2D, maximumTexture3D, maximumLayeredTexture1D, maximumLayeredTexture2D
    case constantMemoryBytes, sharedMemoryPerBlockBytes, sharedMemoryPerBlockOptInBytes
    case sharedMemoryPerMultiprocessorBytes, registersPerBlock, registersPerMultiprocessor
    case warpSize, threadsPerMultiprocessor, blocksPerMultiprocessor, threadsPerBlock, blockDimensions, gridDimensions
    case memoryPitchBytes, textureAlignmentBytes, concurrentCopy, copyEngines, kernelTimeLimit, integrated
    case canMapHostMemory, surfaceAlignment, concurrentKernels, eccEnabled, driverMode
    case unifiedAddressing, streamPriorities, managedMemory, concurrentManagedAccess, pageableMemoryAccess
    case multiGPUBoard, computePreemption, cooperativeLaunch, multiDeviceCooperativeLaunch, computeMode

    /// What kind of value it has.
    enum Kind {
        case text, version, integer, bytes, kilohertz, flag, list
        /// The second half of a version, in a line of its own.
        case minorVersion
        /// Lines of deviceQuery's that hold several facts, this one the first of them.
        case versions, pci, multiprocessors, copies, textures, driverMode
    }

    /// One line of the table: deviceQuery's labels through the versions, gpu-probe's key.
    struct Definition {
        var field: CUDAField
        var kind: Kind
        var labels: [String]
        var probe: String?

        init(_ field: CUDAField, _ kind: Kind, _ labels: [String] = [], probe: String? = nil) {
            self.field = field
            self.kind = kind
            self.labels = labels
            self.probe = probe
        }
    }

    /// The key in JSON.
    var key: String { "\(self)" }

    static let definitions: [Definition] = [
        Definition(.ordinal, .integer, probe: "ordinal"),
        Definition(.name, .text, probe: "name"),
        Definition(.uuid, .text, probe: "uuid"),
        Definition(.isMIG, .flag, probe: "mig"),
        Definition(.busID, .text, probe: "pci_bus_id"),
        Definition(
            .pciDomain, .pci,
            ["Device PCI Domain ID / Bus ID / location ID", "Device PCI Bus ID / PCI location ID"]),
        Definition(.cudaVersion, .versions, ["CUDA Driver Version / Runtime Version"]),
        Definition(.cudaVersion, .version, ["CUDA Driver Version"]),
        Definition(.runtimeVersion, .version, ["CUDA Runtime Version"]),
        Definition(
            .computeCapability, .version, ["CUDA Capability Major/Minor version number"], probe: "compute_capability"),
        Definition(.computeCapability, .version, ["CUDA Capability Major revision number"]),
        Definition(.computeCapability, .minorVersion, ["CUDA Capability Minor revision number"]),
        Definition(.memoryTotalBytes, .bytes, ["Total amount of global memory"], probe: "total_memory_bytes"),
        Definition(.memoryFreeBytes, .bytes, probe: "free_memory_bytes"),
        Definition(
            .multiprocessors, .multiprocessors,
            ["Multiprocessors x Cores/MP = Cores"]),
        Definition(.multiprocessors, .integer, ["Number of multiprocessors"], probe: "multiprocessors"),
        Definition(.cores, .integer, ["Number of cores"]),
        Definition(
            .clockMHz, .kilohertz, ["GPU Max Clock rate", "GPU Clock rate", "GPU Clock Speed", "Clock rate"],
            probe: "clock_khz"),
        Definition(.memoryClockMHz, .kilohertz, ["Memory Clock rate"], probe: "memory_clock_khz"),
        Definition(.busWidthBits, .integer, ["Memory Bus Width"], probe: "memory_bus_bits"),
        Definition(.l2CacheBytes, .bytes, ["L2 Cache Size"], probe: "l2_cache_bytes"),
        Definition(
            .maximumTexture1D, .textures,
            [
                "Maximum Texture Dimension Size (x,y,z)", "Max Texture Dimension Size (x,y,z)",
                "Max Texture Dimension Sizes",
            ]),
        Definition(
            .maximumLayeredTexture1D, .textures,
            ["Maximum Layered 1D Texture Size, (num) layers", "Max Layered Texture Size (dim) x layers"]),
        Definition(.maximumLayeredTexture2D, .textures, ["Maximum Layered 2D Texture Size, (num) layers"]),
        Definition(.constantMemoryBytes, .bytes, ["Total amount of constant memory"], probe: "constant_memory_bytes"),
        Definition(
            .sharedMemoryPerBlockBytes, .bytes, ["Total amount of shared memory per block"],
            probe: "shared_memory_per_block_bytes"),
        Definition(.sharedMemoryPerBlockOptInBytes, .bytes, probe: "shared_memory_per_block_optin_bytes"),
        Definition(
            .sharedMemoryPerMultiprocessorBytes, .bytes, ["Total shared memory per multiprocessor"],
            probe: "shared_memory_per_multiprocessor_bytes"),
        Definition(
            .registersPerBlock, .integer, ["Total number of registers available per block"],
            probe: "registers_per_block"),
        Definition(.registersPerMultiprocessor, .integer, probe: "registers_per_multiprocessor"),
        Definition(.warpSize, .integer, ["Warp size"], probe: "warp_size"),
        Definition(
            .threadsPerMultiprocessor, .integer, ["Maximum number of threads per multiprocessor"],
            probe: "threads_per_multiprocessor"),
        Definition(.blocksPerMultiprocessor, .integer, probe: "blocks_per_multiprocessor"),
        Definition(.threadsPerBlock, .integer, ["Maximum number of threads per block"], probe: "threads_per_block"),
        Definition(
            .blockDimensions, .list,
            [
                "Max dimension size of a thread block (x,y,z)", "Maximum sizes of each dimension of a block",
            ],
            probe: "block_dimensions"),
        Definition(
            .gridDimensions, .list,
            [
                "Max dimension size of a grid size    (x,y,z)", "Max dimension size of a grid size (x,y,z)",
                "Maximum sizes of each dimension of a grid",
            ],
            probe: "grid_dimensions"),
        Definition(.memoryPitchBytes, .bytes, ["Maximum memory pitch"], probe: "memory_pitch_bytes"),
        Definition(.textureAlignmentBytes, .bytes, ["Texture alignment"], probe: "texture_alignment_bytes"),
        Definition(
            .concurrentCopy, .copies, ["Concurrent copy and kernel execution", "Concurrent copy and execution"]),
        Definition(.copyEngines, .integer, probe: "copy_engines"),
        Definition(.kernelTimeLimit, .flag, ["Run time limit on kernels"], probe: "kernel_time_limit"),
        Definition(.integrated, .flag, ["Integrated GPU sharing Host Memory", "Integrated"], probe: "integrated"),
        Definition(
            .canMapHostMemory, .flag, ["Support host page-locked memory mapping"], probe: "can_map_host_memory"),
        Definition(.surfaceAlignment, .flag, ["Alignment requirement for Surfaces"]),
        Definition(.concurrentKernels, .flag, ["Concurrent kernel execution"], probe: "concurrent_kernels"),
        Definition(.eccEnabled, .flag, ["Device has ECC support", "Device has ECC support enabled"], probe: "ecc"),
        Definition(
            .driverMode, .driverMode, ["CUDA Device Driver Mode (TCC or WDDM)", "Device is using TCC driver mode"]),
        Definition(
            .unifiedAddressing, .flag, ["Device supports Unified Addressing (UVA)"], probe: "unified_addressing"),
        Definition(.streamPriorities, .flag, probe: "stream_priorities"),
        Definition(.managedMemory, .flag, ["Device supports Managed Memory"], probe: "managed_memory"),
        Definition(.concurrentManagedAccess, .flag, probe: "concurrent_managed_access"),
        Definition(.pageableMemoryAccess, .flag, probe: "pageable_memory_access"),
        Definition(.multiGPUBoard, .flag, probe: "multi_gpu_board"),
        Definition(
            .computePreemption, .flag, ["Device supports Compute Preemption"], probe: "compute_preemption"),
        Definition(.cooperativeLaunch, .flag, ["Supports Cooperative Kernel Launch"], probe: "cooperative_launch"),
        Definition(.multiDeviceCooperativeLaunch, .flag, ["Supports MultiDevice Co-op Kernel Launch"]),
        Definition(.computeMode, .text, ["Compute Mode"], probe: "compute_mode"),
    ]
}

/// The value of a ``CUDAField``.
enum CUDAValue: Equatable, Sendable, Encodable {
    case text(String)
    /// Clocks in kHz; the rest in the unit of the field's name.
    case integer(Int64)
    case flag(Bool)
    case list([Int64])

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .flag(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        }
    }
}
