import GPUReadings
public import Monitoring
import Telemetry

/// Machines with GPUs that work, idle, overheat and fail as told: the same for the same moment, at every run. Nothing here was measured.
public struct SimulatedFleet: Sendable {
    /// How many machines, and GPUs in each of them.
    public var machines: Int
    public var gpus: Int
    /// Whether some of them are in trouble; else all are live.
    public var hasTroubles: Bool
    /// Points of history that each GPU has.
    public var historyPoints: Int

    /// When the simulated day begins: 2026-03-01 12:00:00 UTC.
    public static let start = 1_772_366_400.0

    /// A fleet.
    public init(machines: Int = 6, gpus: Int = 2, hasTroubles: Bool = true, historyPoints: Int = 300) {
        self.machines = machines
        self.gpus = gpus
        self.hasTroubles = hasTroubles
        self.historyPoints = historyPoints
    }

    /// All of them, so many seconds after ``start``.
    public func snapshot(at second: Double) -> TelemetrySnapshot {
        let now = Self.start + second
        return TelemetrySnapshot(time: now, machines: (0..<machines).map { machine($0, at: now) })
    }

    /// "train-01".
    public static func name(_ number: Int) -> String {
        let kinds = ["train", "infer", "render", "batch", "lab", "spare"]
        let two = number / kinds.count + 1
        return "\(kinds[number % kinds.count])-\(two < 10 ? "0" : "")\(two)"
    }

    private func machine(_ number: Int, at now: Double) -> MachineTelemetry {
        var machine = MachineTelemetry(name: Self.name(number), link: .connected)
        // Every sixth is in the same kind of trouble.
        let trouble = hasTroubles ? number % 6 : 0
        machine.hello = TelemetryHello(
            agent: "1.0.0", sampler: "5eed\(number)", bootID: "b007-\(number)", hostname: "\(machine.name).example",
            intervalSeconds: 1)
        machine.status = SamplerStatus(state: .sampling, forSeconds: 4000, sampleAgeSeconds: 0.4)
        machine.heardAt = now - 0.4
        machine.sampledAt = now - 0.4
        var lag = 0.0
        switch trouble {
        case 3:
            lag = 38
            machine.status = SamplerStatus(
                state: .hung, detail: "nvidia-smi has said nothing for 37 s", forSeconds: 37, restarts: 2)
            machine.heardAt = now - 1
        case 4:
            lag = 95
            machine.heardAt = now - 94
        case 5:
            machine.link = .stopped
            return machine
        default: break
        }
        machine.sampledAt = now - 0.4 - lag
        let sampled = now - lag
        var sample = TelemetrySample(driverVersion: "550.54.14", cudaVersion: "12.4")
        for index in 0..<gpus {
            let gpu = self.gpu(index, of: number, trouble: trouble, at: sampled)
            sample.gpus.append(gpu)
            var history = GPUHistory()
            for second in stride(from: Double(historyPoints) - 1, through: 0, by: -1) {
                let time = sampled - second
                history.append(
                    GPUHistory.Point(
                        time: time, of: self.gpu(index, of: number, trouble: trouble, at: time, processes: false)))
            }
            machine.history[index] = history
        }
        machine.sample = sample
        if trouble == 2 {
            let events = [
                (-5400.0, 31, "pid=4417, name=blender, Ch 00000008, intr 00000000. MMU Fault: ENGINE GRAPHICS"),
                (-640.0, 13, "pid=4417, name=blender, Graphics Exception: ESR 0x404490=0x80000001"),
                (-21.0, 79, "pid='<unknown>', name=<unknown>, GPU has fallen off the bus."),
            ]
            for (ago, code, text) in events {
                let event = XidEvent(code: code, pciAddress: "0000:00:16.0", text: text)
                machine.events.append(TimedXid(time: now + ago, event: event))
                machine.xidCounts[XidKey(pciAddress: "0000:00:16.0", code: code), default: 0] += 1
            }
        }
        return machine
    }

    private struct Model {
        var name: String
        var memory: Double
        var power: Double
        var fan: Bool
        var clock: Double
        var memoryClock: Double
    }

    private static let models = [
        Model(
            name: "NVIDIA A100-SXM4-80GB", memory: 81920, power: 400, fan: false, clock: 1410, memoryClock: 1593),
        Model(name: "NVIDIA L40S", memory: 46068, power: 350, fan: true, clock: 2520, memoryClock: 9001),
        Model(name: "NVIDIA GeForce RTX 4090", memory: 24564, power: 450, fan: true, clock: 2520, memoryClock: 10501),
        Model(
            name: "NVIDIA H100 80GB HBM3", memory: 81559, power: 700, fan: false, clock: 1980, memoryClock: 2619),
    ]

    private func gpu(_ index: Int, of number: Int, trouble: Int, at time: Double, processes: Bool = true) -> GPUSample {
        let model = Self.models[number % 6 % Self.models.count]
        let mebibyte = 1_048_576.0
        var gpu = GPUSample(index: index)
        gpu.uuid = "GPU-\(1000 + number)\(index)00-5eed-4000-8000-00000000000\(index % 10)"
        gpu.name = model.name
        let slot = String(0x16 + index, radix: 16)
        gpu.pciAddress = "0000:00:\(slot).0"
        gpu.numbers[.memoryTotalBytes] = model.memory * mebibyte
        gpu.numbers[.powerLimitWatts] = model.power
        gpu.numbers[.clockSMMaxMHz] = model.clock
        gpu.numbers[.temperatureSlowdownCelsius] = 92
        if trouble == 2, index == 0, time > Self.start, processes {
            gpu.faults = [
                GPUFact.temperatureCelsius.key: "gpuLost", GPUFact.utilizationGPUPercent.key: "gpuLost",
                GPUFact.powerDrawWatts.key: "gpuLost",
            ]
            return gpu
        }
        let load = load(of: number, index, at: time)
        let used = load < 2 ? 0.004 : 0.35 + 0.5 * Double((number * 7 + index * 3) % 10) / 10 + 0.02 * load / 100
        gpu.numbers[.utilizationGPUPercent] = load.rounded()
        gpu.numbers[.utilizationMemoryPercent] = (load * 0.6).rounded()
        gpu.numbers[.utilizationEncoderPercent] = 0
        gpu.numbers[.utilizationDecoderPercent] = 0
        gpu.numbers[.memoryUsedBytes] = (model.memory * used).rounded() * mebibyte
        gpu.numbers[.memoryFreeBytes] = (model.memory * (1 - used)).rounded() * mebibyte
        let temperature = (31 + load * (number % 6 == 1 ? 0.58 : 0.38) + Double(index)).rounded()
        gpu.numbers[.temperatureCelsius] = temperature
        gpu.numbers[.powerDrawWatts] = ((model.power * (0.12 + 0.0083 * load)) * 100).rounded() / 100
        if model.fan { gpu.numbers[.fanPercent] = (30 + load * 0.55).rounded() }
        gpu.numbers[.clockSMMHz] = load < 2 ? 210 : model.clock - (temperature > 84 ? 300 : 15)
        gpu.numbers[.clockMemoryMHz] = load < 2 ? 405 : model.memoryClock
        gpu.numbers[.pcieLinkGeneration] = 4
        gpu.numbers[.pcieLinkWidth] = 16
        gpu.numbers[.pcieReceiveBytesPerSecond] = (load * 41e6).rounded()
        gpu.numbers[.pcieTransmitBytesPerSecond] = (load * 12e6).rounded()
        gpu.numbers[.eccVolatileUncorrected] = 0
        gpu.texts = [GPUFact.performanceState.key: load < 2 ? "P8" : "P0", GPUFact.migMode.key: "Disabled"]
        gpu.clocksEvents =
            temperature > 84
            ? [GPUFact.clocksEventSWThermalSlowdown.key] : load < 2 ? [GPUFact.clocksEventIdle.key] : []
        if processes, load >= 2 {
            let names = ["python3 train.py --config large.yaml", "/usr/bin/vllm serve", "blender -b scene.blend"]
            gpu.processes = [
                ProcessSample(
                    pid: 4400 + number * 10 + index, name: names[number % names.count], type: "C",
                    memoryBytes: Int64(model.memory * used * 0.96) * 1_048_576),
                ProcessSample(pid: 911, name: "/usr/lib/xorg/Xorg", type: "G", memoryBytes: 12 << 20),
            ]
            gpu.processCount = 2
        }
        return gpu
    }

    /// 0 to 100: two slow waves and a fast one, made of whole arithmetic so that it is the same on every machine.
    private func load(of number: Int, _ index: Int, at time: Double) -> Double {
        if (number + index * 2) % 5 == 4 { return 0 }
        func wave(_ period: Double) -> Double {
            let phase = (time - Self.start + Double(number * 37 + index * 17)) / period
            let part = phase - phase.rounded(.down)
            return part < 0.5 ? part * 2 : 2 - part * 2
        }
        return min(100, 35 + 45 * wave(210) + 14 * wave(37) + 8 * wave(5))
    }
}
