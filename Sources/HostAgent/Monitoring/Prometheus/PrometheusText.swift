import GPUReadings
import Telemetry

/// A snapshot as Prometheus reads it. Pure.
///
/// What is not known now is not there: a sample that is not fresh is left out, so that its series end instead of going flat;
/// of a machine that is stopped nothing but `nvidia_gpu_machine_up` 0 remains.
public struct PrometheusText: Sendable {
    /// The content type of what ``bytes(of:)`` gives.
    public var contentType: String {
        switch format {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    private let format: Exposition.Format
    private let dcgmNames: Bool

    /// - Parameters:
    ///   - accept: The Accept header of the request: OpenMetrics is given to who asks for it.
    ///   - dcgmNames: The GPUs' series also under dcgm-exporter's names, labels and units.
    public init(accept: String = "", dcgmNames: Bool = false) {
        format = accept.contains("application/openmetrics-text") ? .openMetrics : .prometheus
        self.dcgmNames = dcgmNames
    }

    /// The whole document.
    public func bytes(of snapshot: TelemetrySnapshot) -> [UInt8] {
        let machines = snapshot.machines.map { LabelledMachine($0, at: snapshot.time) }
        let gpus = machines.flatMap(\.gpus)
        var text = Exposition(format, capacity: 4096 + machines.count * 4096 + gpus.count * 8192)
        writeMachines(machines, at: snapshot.time, to: &text)
        write(GPUMetric.base, gpus.map { ($0.labels, $0.sample) }, to: &text)
        writeWords(gpus, to: &text)
        if dcgmNames {
            write(GPUMetric.dcgm, gpus.map { ($0.dcgmLabels, $0.sample) }, to: &text)
            text.family("DCGM_FI_DEV_XID_ERRORS", .gauge, "Value of the last XID error encountered.") { sample in
                for gpu in gpus { sample(gpu.dcgmLabels, Double(gpu.lastXid ?? 0)) }
            }
        }
        text.finish()
        return text.bytes
    }

    private func write(_ metrics: [GPUMetric], _ gpus: [([UInt8], GPUSample)], to text: inout Exposition) {
        for metric in metrics {
            text.family(metric.name, metric.kind, metric.help) { sample in
                for (labels, gpu) in gpus {
                    guard let value = gpu.numbers[metric.fact] else { continue }
                    // 47 * 0.01 is 0.47000000000000003; 47 / 100 is 0.47.
                    sample(labels, metric.factor == 0.01 ? value / 100 : value * metric.factor)
                }
            }
        }
    }

    private func writeMachines(_ machines: [LabelledMachine], at now: Double, to text: inout Exposition) {
        text.family("nvidia_gpu_machine_up", .gauge, "1 where the machine's sampler was heard in the last 15 s.") {
            sample in
            for machine in machines { sample(machine.labels, machine.isUp ? 1 : 0) }
        }
        let present = machines.filter { $0.machine.link != .stopped }
        text.family("nvidia_gpu_sampler_state", .gauge, "1 for the state that the machine's sampler is in.") { sample in
            for machine in present {
                for (labels, isIt) in machine.states { sample(labels, isIt ? 1 : 0) }
            }
        }
        text.family("nvidia_gpu_sample_age_seconds", .gauge, "Age of the machine's newest sample.") { sample in
            for machine in present {
                if let age = machine.machine.sampleAge(at: now) { sample(machine.labels, age) }
            }
        }
        text.family("nvidia_gpu_num_devices", .gauge, "GPUs in the machine's newest sample.") { sample in
            for machine in present where machine.isFresh {
                sample(machine.labels, Double(machine.machine.sample?.gpus.count ?? 0))
            }
        }
        text.family("nvidia_gpu_xid_errors_total", .counter, "Xid errors in the machine's kernel log.") { sample in
            for machine in present {
                for (labels, count) in machine.xids { sample(labels, Double(count)) }
            }
        }
        func counter(_ name: String, _ help: String, _ value: (MachineSummary) -> Int) {
            text.family(name, .counter, help) { sample in
                for machine in present { sample(machine.labels, Double(value(machine.summary))) }
            }
        }
        counter("nvidia_gpu_sampler_restarts_total", "Starts of nvidia-smi after the first.") { $0.restarts }
        counter("nvidia_gpu_sampler_messages_dropped_total", "Messages that the guest threw away, for nobody came.") {
            $0.dropped
        }
        counter("nvidia_gpu_sampler_nonsense_total", "Lines of the machine that were no message.") { $0.nonsense }
        counter("nvidia_gpu_sampler_flooded_bytes_total", "Bytes of the machine thrown away unread.") { $0.flooded }
        counter(
            "nvidia_gpu_relay_messages_missed_total",
            "Messages of the machine that were not passed on by the process that hears it, for this one was slow."
        ) { $0.missed }
    }

    private func writeWords(_ gpus: [LabelledGPU], to text: inout Exposition) {
        text.family("nvidia_gpu_info", .gauge, "What the GPU is; always 1.") { sample in
            for gpu in gpus { sample(gpu.info, 1) }
        }
        text.family("nvidia_gpu_performance_state", .gauge, "Performance state: 0 (P0) is the fastest, 15 the slowest.")
        {
            sample in
            for gpu in gpus {
                guard let state = gpu.sample.texts[GPUFact.performanceState.key], state.hasPrefix("P"),
                    let number = Double(state.dropFirst())
                else { continue }
                sample(gpu.labels, number)
            }
        }
        text.family("nvidia_gpu_processes", .gauge, "Programs that use the GPU.") { sample in
            for gpu in gpus { sample(gpu.labels, Double(gpu.sample.processCount)) }
        }
        text.family("nvidia_gpu_clocks_event_active", .gauge, "1 while this reason holds the clocks down.") { sample in
            for gpu in gpus {
                for (labels, isActive) in gpu.clocksEvents { sample(labels, isActive ? 1 : 0) }
            }
        }
    }
}
