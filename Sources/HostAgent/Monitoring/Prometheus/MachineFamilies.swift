import GPUReadings
import Telemetry

/// The families of machines: how their telemetry is.
struct MachineFamilies {
    private let machines: [MachineTelemetry]
    private let now: Double

    init(_ machines: [MachineTelemetry], at now: Double) {
        self.machines = machines
        self.now = now
    }

    /// Machines whose newest sample is told of.
    var fresh: [MachineTelemetry] { machines.filter { $0.link == .connected && $0.isFresh(at: now) } }

    /// Machines that run, or may.
    private var present: [MachineTelemetry] { machines.filter { $0.link != .stopped } }

    var families: [SeriesFamily] {
        let up = each(
            "nvidia_gpu_machine_up", .gauge, "1 where the machine's sampler was heard in the last 15 s.", machines
        ) {
            machine in
            let isHeard = machine.heardAt.map { now - $0 <= MachineCondition.silentSeconds } ?? false
            return machine.link == .connected && isHeard ? 1 : 0
        }
        return [
            up, states,
            each("nvidia_gpu_sample_age_seconds", .gauge, "Age of the machine's newest sample.", present) {
                $0.sampleAge(at: now)
            },
            each("nvidia_gpu_num_devices", .gauge, "GPUs in the machine's newest sample.", fresh) {
                Double($0.sample?.gpus.count ?? 0)
            },
            xids,
            counter("nvidia_gpu_sampler_restarts_total", "Starts of nvidia-smi after the first.") {
                max(0, $0.status?.restarts ?? 0)
            },
            counter(
                "nvidia_gpu_sampler_messages_dropped_total", "Messages that the guest threw away, for nobody came."
            ) { $0.losses.droppedInGuest },
            counter("nvidia_gpu_sampler_nonsense_total", "Lines of the machine that were no message.") {
                $0.losses.nonsense
            },
            counter("nvidia_gpu_sampler_flooded_bytes_total", "Bytes of the machine thrown away unread.") {
                $0.losses.floodedBytes
            },
            counter(
                "nvidia_gpu_relay_messages_missed_total",
                "Messages of the machine that were not passed on by the process that hears it, for this one was slow."
            ) { $0.losses.missed },
        ]
    }

    private func each(
        _ name: String, _ kind: Exposition.Kind, _ help: String, _ machines: [MachineTelemetry],
        _ value: (MachineTelemetry) -> Double?
    ) -> SeriesFamily {
        SeriesFamily(
            name, kind, help,
            machines.compactMap { machine in
                value(machine).map { (Exposition.labels([("vm", machine.name)]), $0) }
            })
    }

    private func counter(_ name: String, _ help: String, _ value: (MachineTelemetry) -> Int) -> SeriesFamily {
        each(name, .counter, help, present) { Double(value($0)) }
    }

    private var states: SeriesFamily {
        let series = present.flatMap { machine in
            let state = MachineState.of(machine.condition(at: now))
            return MachineState.all.map {
                (Exposition.labels([("vm", machine.name), ("state", $0)]), $0 == state ? 1.0 : 0)
            }
        }
        return SeriesFamily(
            "nvidia_gpu_sampler_state", .gauge, "1 for the state that the machine's sampler is in.", series)
    }

    private var xids: SeriesFamily {
        let series = present.flatMap { machine in
            machine.xidCounts.sorted { ($0.key.pciAddress, $0.key.code) < ($1.key.pciAddress, $1.key.code) }
                .map { key, count in
                    let gpu = machine.sample?.gpus.first { $0.pciAddress == key.pciAddress && !key.pciAddress.isEmpty }
                    let labels = Exposition.labels([
                        ("vm", machine.name), ("gpu", gpu.map { "\($0.index)" } ?? ""),
                        ("pci_address", key.pciAddress), ("xid", "\(key.code)"),
                    ])
                    return (labels, Double(count))
                }
        }
        return SeriesFamily(
            "nvidia_gpu_xid_errors_total", .counter, "Xid errors in the machine's kernel log.", series)
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
