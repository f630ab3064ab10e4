/// One GPU at one moment.
public struct GPUSample: Codable, Equatable, Sendable {
    /// Its number for nvidia-smi in the guest.
    public var index: Int
    /// "GPU-2809c740-…"; nil where nvidia-smi does not tell it (a GPU that is lost).
    public var uuid: String?
    /// "NVIDIA A100-SXM4-80GB".
    public var name: String?
    /// PCI address in the guest, as sysfs spells it: "0000:00:16.0".
    public var pciAddress: String?
    /// What is a number.
    public var numbers: SampledNumbers
    /// What is a word, by the fact's key.
    public var texts: [String: String]
    /// Keys of the clocks' events that are active: "clocksEventSWPowerCap".
    public var clocksEvents: [String]
    /// Why facts have no value, by key, where the GPU does not merely lack them: "gpuLost", "unknownError", "error".
    public var faults: [String: String]
    /// The programs that use it: at most ``TelemetryLimits/processes``, those with the most memory first.
    public var processes: [ProcessSample]
    /// How many programs use it; more than ``processes`` where that was cut.
    public var processCount: Int
    /// Its MIG devices.
    public var migDevices: [MIGSample]

    /// A GPU of which nothing but its number is known.
    public init(index: Int) {
        self.index = index
        numbers = SampledNumbers()
        texts = [:]
        clocksEvents = []
        faults = [:]
        processes = []
        processCount = 0
        migDevices = []
    }

    private enum CodingKeys: String, CodingKey {
        case index, uuid, name, pciAddress, numbers, texts, clocksEvents, faults, processes, processCount, migDevices
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        index = try values.decode(Int.self, forKey: .index)
        uuid = try values.decodeIfPresent(String.self, forKey: .uuid)
        name = try values.decodeIfPresent(String.self, forKey: .name)
        pciAddress = try values.decodeIfPresent(String.self, forKey: .pciAddress)
        numbers = try values.decodeIfPresent(SampledNumbers.self, forKey: .numbers) ?? SampledNumbers()
        texts = try values.decodeIfPresent([String: String].self, forKey: .texts) ?? [:]
        clocksEvents = try values.decodeIfPresent([String].self, forKey: .clocksEvents) ?? []
        faults = try values.decodeIfPresent([String: String].self, forKey: .faults) ?? [:]
        processes = try values.decodeIfPresent([ProcessSample].self, forKey: .processes) ?? []
        processCount = try values.decodeIfPresent(Int.self, forKey: .processCount) ?? processes.count
        migDevices = try values.decodeIfPresent([MIGSample].self, forKey: .migDevices) ?? []
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(index, forKey: .index)
        try values.encodeIfPresent(uuid, forKey: .uuid)
        try values.encodeIfPresent(name, forKey: .name)
        try values.encodeIfPresent(pciAddress, forKey: .pciAddress)
        try values.encode(numbers, forKey: .numbers)
        if !texts.isEmpty { try values.encode(texts, forKey: .texts) }
        if !clocksEvents.isEmpty { try values.encode(clocksEvents, forKey: .clocksEvents) }
        if !faults.isEmpty { try values.encode(faults, forKey: .faults) }
        if !processes.isEmpty { try values.encode(processes, forKey: .processes) }
        if processCount != processes.count { try values.encode(processCount, forKey: .processCount) }
        if !migDevices.isEmpty { try values.encode(migDevices, forKey: .migDevices) }
    }
}

/// A program that uses a GPU.
public struct ProcessSample: Codable, Equatable, Sendable {
    /// Its number in the guest.
    public var pid: Int
    /// Its command as nvidia-smi prints it.
    public var name: String?
    /// "C" computes, "G" draws, "C+G" does both.
    public var type: String?
    /// Memory of the GPU that it holds; nil where that is not told.
    public var memoryBytes: Int64?

    /// A program.
    public init(pid: Int, name: String? = nil, type: String? = nil, memoryBytes: Int64? = nil) {
        self.pid = pid
        self.name = name
        self.type = type
        self.memoryBytes = memoryBytes
    }
}

/// A MIG device of a GPU.
public struct MIGSample: Codable, Equatable, Sendable {
    /// Its number on the GPU.
    public var index: Int
    public var gpuInstance: Int?
    public var computeInstance: Int?
    public var memoryTotalBytes: Int64?
    public var memoryUsedBytes: Int64?

    /// A device.
    public init(
        index: Int, gpuInstance: Int? = nil, computeInstance: Int? = nil, memoryTotalBytes: Int64? = nil,
        memoryUsedBytes: Int64? = nil
    ) {
        self.index = index
        self.gpuInstance = gpuInstance
        self.computeInstance = computeInstance
        self.memoryTotalBytes = memoryTotalBytes
        self.memoryUsedBytes = memoryUsedBytes
    }
}
