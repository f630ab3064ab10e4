import GPUReadings
import Monitoring
public import Telemetry

/// A machine whose GPUs work, for what must be measured: every fact told, a dozen of them moving as those of a training job do,
/// in the steps in which nvidia-smi prints them. Values dwell: the utilisation moves in steps and stays for seconds, the
/// temperature creeps, the clocks jump by 15 MHz, the memory seldom changes; the power and the PCIe traffic are never the
/// same. Or nothing dwells (`isRestless`), the worst case. Nothing here was measured on a GPU.
public struct SimulatedLoad {
    private struct State {
        var load = 85.0
        var memoryLoad = 50.0
        var used = 60000.0
        var temperature = 62.0
        var power = 300.0
        var clock = 1380.0
    }

    private var state: UInt64
    private var gpus: [Int: State] = [:]
    private let isRestless: Bool

    /// The same for the same seed.
    public init(seed: Int, isRestless: Bool = false) {
        state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
        self.isRestless = isRestless
    }

    /// Between -`most` and `most`, evenly spread.
    private mutating func noise(_ most: Double) -> Double {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return (Double(state >> 11) / Double(1 << 53) * 2 - 1) * most
    }

    /// Whether what stays for `seconds` on average moves now.
    private mutating func moves(after seconds: Double) -> Bool {
        noise(0.5) + 0.5 < 1 / seconds || isRestless
    }

    private mutating func step(_ old: State) -> State {
        var new = old
        if moves(after: 4) { new.load = max(0, min(100, 85 + noise(15))).rounded() }
        if moves(after: 4) { new.memoryLoad = (new.load * 0.6 + noise(3)).rounded() }
        if moves(after: 120) { new.used = (60000 + noise(500)).rounded() }
        if moves(after: 12) { new.temperature = max(55, min(70, old.temperature + (noise(1) < 0 ? -1 : 1))) }
        new.power = ((180 + new.load * 1.5 + noise(8)) * 100).rounded() / 100
        if moves(after: 8) { new.clock = 1380 + noise(2).rounded() * 15 }
        return new
    }

    private mutating func gpu(_ index: Int) -> GPUSample {
        var gpu = GPUSample(index: index)
        gpu.uuid = "GPU-2809c740-5eed-4000-8000-00000000000\(index)"
        gpu.name = "NVIDIA A100-SXM4-80GB"
        gpu.pciAddress = "0000:00:\(String(0x10 + index, radix: 16)).0"
        for fact in SampledFacts.numbers { gpu.numbers[fact] = 0 }
        let mebibyte = 1_048_576.0
        let now = step(gpus[index] ?? State())
        gpus[index] = now
        let used = now.used * mebibyte
        let fixed: [(GPUFact, Double)] = [
            (.memoryTotalBytes, 81920 * mebibyte), (.memoryReservedBytes, 600 * mebibyte),
            (.bar1TotalBytes, 131072 * mebibyte), (.bar1UsedBytes, 5 * mebibyte), (.temperatureSlowdownCelsius, 92),
            (.temperatureShutdownCelsius, 95), (.temperatureMaxCelsius, 85), (.powerLimitWatts, 400),
            (.powerLimitDefaultWatts, 400), (.clockGraphicsMaxMHz, 1410), (.clockSMMaxMHz, 1410),
            (.clockMemoryMaxMHz, 1593), (.clockMemoryMHz, 1593), (.pcieLinkGeneration, 4), (.pcieLinkWidth, 16),
            (.pcieLinkGenerationMax, 4), (.pcieLinkWidthMax, 16), (.pcieReplays, 2),
        ]
        for (fact, value) in fixed { gpu.numbers[fact] = value }
        gpu.numbers[.utilizationGPUPercent] = now.load
        gpu.numbers[.utilizationMemoryPercent] = now.memoryLoad
        gpu.numbers[.memoryUsedBytes] = used
        gpu.numbers[.memoryFreeBytes] = 81320 * mebibyte - used
        gpu.numbers[.temperatureCelsius] = now.temperature
        gpu.numbers[.memoryTemperatureCelsius] = now.temperature + 8
        gpu.numbers[.powerDrawWatts] = now.power
        gpu.numbers[.clockGraphicsMHz] = now.clock
        gpu.numbers[.clockSMMHz] = now.clock
        gpu.numbers[.clockVideoMHz] = 1275
        gpu.numbers[.pcieTransmitBytesPerSecond] = (800_000 + noise(300_000)).rounded() * 1024
        gpu.numbers[.pcieReceiveBytesPerSecond] = (2_000_000 + noise(900_000)).rounded() * 1024
        gpu.texts = [
            GPUFact.performanceState.key: "P0", GPUFact.computeMode.key: "Default", GPUFact.migMode.key: "Disabled",
            GPUFact.eccMode.key: "Enabled", GPUFact.persistenceMode.key: "Enabled", GPUFact.vbios.key: "92.00.45.00.03",
            GPUFact.serial.key: "1563221009876",
        ]
        gpu.processes = [
            ProcessSample(pid: 4417, name: "/usr/bin/python3", type: "C", memoryBytes: Int64(used)),
            ProcessSample(pid: 911, name: "/usr/lib/xorg/Xorg", type: "G", memoryBytes: 4 << 20),
        ]
        gpu.processCount = 2
        return gpu
    }

    /// The next second.
    public mutating func sample(gpus: Int) -> TelemetrySample {
        TelemetrySample(driverVersion: "550.54.14", cudaVersion: "12.4", gpus: (0..<gpus).map { gpu($0) })
    }
}
