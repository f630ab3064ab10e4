import GPUReadings
import Monitoring
import Telemetry

/// A snapshot as a table for people: a line per machine that has no sample, else one per GPU. Pure.
struct TelemetryTable {
    let lines: [String]

    init(_ snapshot: TelemetrySnapshot) {
        var rows = [["VM", "GPU", "NAME", "UTIL", "MEMORY", "TEMP", "POWER", "STATE"]]
        for machine in snapshot.machines {
            let condition = machine.condition(at: snapshot.time)
            let state = condition.detail.isEmpty ? condition.word : "\(condition.word): \(condition.detail)"
            guard condition == .live, let gpus = machine.sample?.gpus, !gpus.isEmpty else {
                rows.append([machine.name, "-", "-", "-", "-", "-", "-", state])
                continue
            }
            for gpu in gpus {
                rows.append([machine.name, "\(gpu.index)", gpu.name ?? "-"] + Self.cells(gpu) + [state])
            }
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        lines = rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }.joined(separator: "  ")
                .trimmingEnd()
        }
    }

    private static func cells(_ gpu: GPUSample) -> [String] {
        func whole(_ fact: GPUFact, _ unit: String) -> String {
            gpu.numbers[fact].map { "\(Int(max(-1e9, min(1e9, $0.rounded()))))\(unit)" } ?? "-"
        }
        func mebibytes(_ fact: GPUFact) -> String {
            gpu.numbers[fact].map { "\(Int(max(0, min(1e15, $0)) / 1_048_576))" } ?? "-"
        }
        return [
            whole(.utilizationGPUPercent, " %"), "\(mebibytes(.memoryUsedBytes))/\(mebibytes(.memoryTotalBytes)) MiB",
            whole(.temperatureCelsius, " °C"), whole(.powerDrawWatts, " W"),
        ]
    }
}

extension String {
    fileprivate func trimmingEnd() -> String {
        guard let last = lastIndex(where: { $0 != " " }) else { return "" }
        return String(self[...last])
    }
}
