import Contract
import GPUReadings
import Telemetry

/// A machine's counters, zero where it told of none.
struct MachineSummary {
    var restarts: Int
    var dropped: Int
    var nonsense: Int
    var flooded: Int
    var missed: Int
}

/// A machine with its labels made.
struct LabelledMachine {
    let machine: MachineTelemetry
    let labels: [UInt8]
    let isUp: Bool
    let isFresh: Bool
    let states: [(labels: [UInt8], isIt: Bool)]
    let xids: [(labels: [UInt8], count: Int)]
    /// None where the sample is not fresh.
    let gpus: [LabelledGPU]

    var summary: MachineSummary {
        MachineSummary(
            restarts: max(0, machine.status?.restarts ?? 0), dropped: machine.losses.droppedInGuest,
            nonsense: machine.losses.nonsense, flooded: machine.losses.floodedBytes, missed: machine.losses.missed)
    }

    init(_ machine: MachineTelemetry, at now: Double) {
        self.machine = machine
        let vm = ("vm", machine.name)
        labels = Exposition.labels([vm])
        let condition = MachineState.of(machine.condition(at: now))
        isUp =
            machine.link == .connected && machine.heardAt.map { now - $0 <= MachineCondition.silentSeconds } ?? false
        isFresh = machine.link == .connected && machine.isFresh(at: now)
        states = MachineState.all.map { (Exposition.labels([vm, ("state", $0)]), $0 == condition) }
        xids = machine.xidCounts.sorted { ($0.key.pciAddress, $0.key.code) < ($1.key.pciAddress, $1.key.code) }
            .map { key, count in
                let gpu = machine.sample?.gpus.first { $0.pciAddress == key.pciAddress && !key.pciAddress.isEmpty }
                return (
                    Exposition.labels([
                        vm, ("gpu", gpu.map { "\($0.index)" } ?? ""), ("pci_address", key.pciAddress),
                        ("xid", "\(key.code)"),
                    ]), count
                )
            }
        gpus = isFresh ? (machine.sample?.gpus ?? []).map { LabelledGPU($0, of: machine) } : []
    }
}

/// The label `state`: a ``MachineCondition``'s word, of which there are finitely many whatever guests say.
enum MachineState {
    static let all = words + ["other"]

    private static let words =
        ["live", "stale", "silent", "waiting", "stopped"]
        + SamplerState.known.filter { $0 != .sampling }.map(\.rawValue)

    static func of(_ condition: MachineCondition) -> String {
        words.contains(condition.word) ? condition.word : "other"
    }
}

/// A GPU with its labels made.
struct LabelledGPU {
    let sample: GPUSample
    let labels: [UInt8]
    let info: [UInt8]
    let clocksEvents: [(labels: [UInt8], isActive: Bool)]
    private let machine: MachineTelemetry

    init(_ gpu: GPUSample, of machine: MachineTelemetry) {
        sample = gpu
        self.machine = machine
        let key = [("vm", machine.name), ("gpu", "\(gpu.index)"), ("uuid", gpu.uuid ?? "")]
        let labels = Exposition.labels(key)
        self.labels = labels
        func text(_ fact: GPUFact) -> String { gpu.texts[fact.key] ?? "" }
        info = Exposition.labels(
            labels,
            and: [
                ("name", gpu.name ?? ""), ("driver_version", machine.sample?.driverVersion ?? ""),
                ("cuda_version", machine.sample?.cudaVersion ?? ""), ("pci_address", gpu.pciAddress ?? ""),
                ("vbios_version", text(.vbios)), ("serial", text(.serial)), ("mig_mode", text(.migMode)),
                ("ecc_mode", text(.eccMode)), ("compute_mode", text(.computeMode)),
                ("persistence_mode", text(.persistenceMode)), ("recovery_action", text(.recoveryAction)),
            ])
        clocksEvents = SampledFacts.clocksEvents.map { fact in
            (
                Exposition.labels(labels, and: [("reason", ClocksEventName.of(fact))]),
                !gpu.clocksEvents.isEmpty && gpu.clocksEvents.contains(fact.key)
            )
        }
    }

    /// As dcgm-exporter labels a GPU. Made anew each time: few ask for it.
    var dcgmLabels: [UInt8] {
        // pci_bus_id is NVML's: eight digits of domain, capitals.
        let address = sample.pciAddress.map { "0000\($0.uppercased())" } ?? ""
        return Exposition.labels([
            ("gpu", "\(sample.index)"), ("UUID", sample.uuid ?? ""), ("pci_bus_id", address),
            ("device", "nvidia\(sample.index)"), ("modelName", sample.name ?? ""), ("Hostname", machine.name),
            ("DCGM_FI_DRIVER_VERSION", machine.sample?.driverVersion ?? ""), ("vm", machine.name),
        ])
    }

    var lastXid: Int? {
        guard let address = sample.pciAddress else { return nil }
        return machine.events.last { $0.event.pciAddress == address }?.event.code
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
