import GPUReadings
import Telemetry

/// The families of GPUs whose samples are fresh.
struct GPUFamilies {
    private struct GPU {
        let sample: GPUSample
        let machine: MachineTelemetry
    }

    private let gpus: [GPU]
    private let numbers: [SampledNumbers]
    private let labels: LabelTable

    /// - Parameter machines: Those whose samples are fresh.
    init(_ machines: [MachineTelemetry]) {
        gpus = machines.flatMap { machine in
            (machine.sample?.gpus ?? []).map { GPU(sample: $0, machine: machine) }
        }
        numbers = gpus.map(\.sample.numbers)
        labels = LabelTable(gpus) { Self.key(of: $0, to: &$1) }
    }

    private static func key(of gpu: GPU, to labels: inout [UInt8]) {
        labels.append(label: "vm", gpu.machine.name)
        labels.append(label: "gpu", "\(gpu.sample.index)")
        labels.append(label: "uuid", gpu.sample.uuid ?? "")
    }

    /// Under this tool's names.
    var families: [SeriesFamily] { facts(GPUMetric.base, labels) + [info, state, processes, clocksEvents] }

    /// Under dcgm-exporter's names, labels and units.
    var dcgm: [SeriesFamily] {
        let labels = LabelTable(gpus) { Self.dcgmLabels(of: $0, to: &$1) }
        return facts(GPUMetric.dcgm, labels) + [
            family("DCGM_FI_DEV_XID_ERRORS", "Value of the last XID error encountered.", labels) { gpu in
                guard let address = gpu.sample.pciAddress else { return 0 }
                return Double(gpu.machine.events.last { $0.event.pciAddress == address }?.event.code ?? 0)
            }
        ]
    }

    private func facts(_ metrics: [GPUMetric], _ labels: LabelTable) -> [SeriesFamily] {
        metrics.compactMap { metric in
            guard let place = SampledFacts.place(of: metric.fact) else { return nil }
            let numbers = numbers
            return SeriesFamily(
                metric.name, metric.kind, metric.help, rows: gpus.count, labels: { labels.copy($0, to: &$1) },
                value: { row in
                    guard let value = numbers[row].value(at: place) else { return nil }
                    // 47 * 0.01 is 0.47000000000000003; 47 / 100 is 0.47.
                    return metric.factor == 0.01 ? value / 100 : value * metric.factor
                })
        }
    }

    private func family(
        _ name: String, _ help: String, _ labels: LabelTable, _ value: @escaping (GPU) -> Double?
    ) -> SeriesFamily {
        SeriesFamily(
            name, .gauge, help, rows: gpus.count, labels: { labels.copy($0, to: &$1) },
            value: { [gpus] in value(gpus[$0]) })
    }

    private var state: SeriesFamily {
        family(
            "nvidia_gpu_performance_state", "Performance state: 0 (P0) is the fastest, 15 the slowest.", labels
        ) { gpu in
            guard let state = gpu.sample.texts[GPUFact.performanceState.key], state.hasPrefix("P") else { return nil }
            return Double(state.dropFirst())
        }
    }

    private var processes: SeriesFamily {
        family("nvidia_gpu_processes", "Programs that use the GPU.", labels) { Double($0.sample.processCount) }
    }

    /// Its many labels are written when their turn comes: they are used once.
    private var info: SeriesFamily {
        SeriesFamily(
            "nvidia_gpu_info", .gauge, "What the GPU is; always 1.", rows: gpus.count,
            labels: { [gpus] row, bytes in
                let (gpu, sample) = (gpus[row].sample, gpus[row].machine.sample)
                func text(_ fact: GPUFact) -> String { gpu.texts[fact.key] ?? "" }
                var labels: [UInt8] = []
                Self.key(of: gpus[row], to: &labels)
                labels.append(label: "name", gpu.name ?? "")
                labels.append(label: "driver_version", sample?.driverVersion ?? "")
                labels.append(label: "cuda_version", sample?.cudaVersion ?? "")
                labels.append(label: "pci_address", gpu.pciAddress ?? "")
                labels.append(label: "vbios_version", text(.vbios))
                labels.append(label: "serial", text(.serial))
                labels.append(label: "mig_mode", text(.migMode))
                labels.append(label: "ecc_mode", text(.eccMode))
                labels.append(label: "compute_mode", text(.computeMode))
                labels.append(label: "persistence_mode", text(.persistenceMode))
                labels.append(label: "recovery_action", text(.recoveryAction))
                labels.endLabels()
                bytes += labels
            }, value: { _ in 1 })
    }

    /// A row for each GPU and reason.
    private var clocksEvents: SeriesFamily {
        let keys = SampledFacts.clocksEvents.map(\.key)
        let ends = SampledFacts.clocksEvents.map { Array(",reason=\"\(ClocksEventName.of($0))\"}".utf8) }
        let labels = labels
        return SeriesFamily(
            "nvidia_gpu_clocks_event_active", .gauge, "1 while this reason holds the clocks down.",
            rows: gpus.count * keys.count,
            labels: { row, bytes in
                labels.copy(row / ends.count, without: 1, to: &bytes)
                bytes += ends[row % ends.count]
            },
            value: { [gpus] row in
                let active = gpus[row / keys.count].sample.clocksEvents
                return !active.isEmpty && active.contains(keys[row % keys.count]) ? 1 : 0
            })
    }

    private static func dcgmLabels(of gpu: GPU, to labels: inout [UInt8]) {
        labels.append(label: "gpu", "\(gpu.sample.index)")
        labels.append(label: "UUID", gpu.sample.uuid ?? "")
        // NVML's: eight digits of domain, capitals.
        labels.append(label: "pci_bus_id", gpu.sample.pciAddress.map { "0000\($0.uppercased())" } ?? "")
        labels.append(label: "device", "nvidia\(gpu.sample.index)")
        labels.append(label: "modelName", gpu.sample.name ?? "")
        labels.append(label: "Hostname", gpu.machine.name)
        labels.append(label: "DCGM_FI_DRIVER_VERSION", gpu.machine.sample?.driverVersion ?? "")
        labels.append(label: "vm", gpu.machine.name)
    }
}

/// The label `reason`.
enum ClocksEventName {
    static func of(_ fact: GPUFact) -> String {
        switch fact {
        case .clocksEventIdle: "idle"
        case .clocksEventApplicationClocks: "applications_clocks_setting"
        case .clocksEventSWPowerCap: "sw_power_cap"
        case .clocksEventHWSlowdown: "hw_slowdown"
        case .clocksEventHWThermalSlowdown: "hw_thermal_slowdown"
        case .clocksEventHWPowerBrake: "hw_power_brake_slowdown"
        case .clocksEventSWThermalSlowdown: "sw_thermal_slowdown"
        case .clocksEventSyncBoost: "sync_boost"
        case .clocksEventDisplayClocks: "display_clocks_setting"
        default: fact.key
        }
    }
}
