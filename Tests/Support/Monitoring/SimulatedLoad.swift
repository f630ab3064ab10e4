import GPUReadings
import Monitoring
import Telemetry

/// A GPU that works: every fact told, a dozen of them never the same, in the steps in which nvidia-smi prints them.
struct SimulatedLoad {
    private var state: UInt64

    init(seed: Int) {
        state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
    }

    /// -1, 0 or 1 times `most`, evenly spread between.
    private mutating func noise(_ most: Double) -> Double {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return (Double(state >> 11) / Double(1 << 53) * 2 - 1) * most
    }

    mutating func gpu(_ index: Int, second: Int) -> GPUSample {
        var gpu = GPUSample(index: index)
        gpu.uuid = "GPU-2809c740-5eed-4000-8000-00000000000\(index)"
        gpu.name = "NVIDIA A100-SXM4-80GB"
        gpu.pciAddress = "0000:00:\(String(0x10 + index, radix: 16)).0"
        for fact in SampledFacts.numbers { gpu.numbers[fact] = 0 }
        let mebibyte = 1_048_576.0
        let load = max(0, min(100, 80 + noise(20)))
        let used = (60000 + noise(50)).rounded() * mebibyte
        let fixed: [(GPUFact, Double)] = [
            (.memoryTotalBytes, 81920 * mebibyte), (.memoryReservedBytes, 600 * mebibyte),
            (.bar1TotalBytes, 131072 * mebibyte), (.bar1UsedBytes, 5 * mebibyte), (.temperatureSlowdownCelsius, 92),
            (.temperatureShutdownCelsius, 95), (.temperatureMaxCelsius, 85), (.powerLimitWatts, 400),
            (.powerLimitDefaultWatts, 400), (.clockGraphicsMaxMHz, 1410), (.clockSMMaxMHz, 1410),
            (.clockMemoryMaxMHz, 1593), (.clockMemoryMHz, 1593), (.pcieLinkGeneration, 4), (.pcieLinkWidth, 16),
            (.pcieLinkGenerationMax, 4), (.pcieLinkWidthMax, 16), (.pcieReplays, 2),
        ]
        for (fact, value) in fixed { gpu.numbers[fact] = value }
        gpu.numbers[.utilizationGPUPercent] = load.rounded()
        gpu.numbers[.utilizationMemoryPercent] = (load * 0.6 + noise(3)).rounded()
        gpu.numbers[.memoryUsedBytes] = used
        gpu.numbers[.memoryFreeBytes] = 81320 * mebibyte - used
        gpu.numbers[.temperatureCelsius] = (62 + noise(1.4)).rounded()
        gpu.numbers[.memoryTemperatureCelsius] = (70 + noise(1.4)).rounded()
        gpu.numbers[.powerDrawWatts] = ((300 + noise(40)) * 100).rounded() / 100
        let clock = 1380 + (noise(2)).rounded() * 15
        gpu.numbers[.clockGraphicsMHz] = clock
        gpu.numbers[.clockSMMHz] = clock
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

    mutating func sample(gpus: Int, second: Int) -> TelemetrySample {
        TelemetrySample(
            driverVersion: "550.54.14", cudaVersion: "12.4", gpus: (0..<gpus).map { gpu($0, second: second) })
    }
}
