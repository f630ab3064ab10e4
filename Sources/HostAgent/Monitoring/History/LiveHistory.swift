public import GPUReadings
import Telemetry

/// The last minutes out of memory, for a host that keeps no database.
public enum LiveHistory {
    /// The facts that a ``GPUHistory`` has.
    public static let facts: [GPUFact] = [
        .utilizationGPUPercent, .memoryUsedBytes, .temperatureCelsius, .powerDrawWatts,
    ]

    /// Samples as they came, that of the query's last moment too, which may be the newest; none for facts other than ``facts``.
    public static func series(_ query: HistoryQuery, of machine: MachineTelemetry) -> HistorySeries {
        guard let gpu = machine.sample?.gpus.first(where: { $0.index == query.gpu }),
            let history = machine.history[query.gpu]
        else { return HistorySeries(step: 0, points: []) }
        let points = points(of: query.fact, in: history, of: gpu)
        return HistorySeries(step: 0, points: points.filter { $0.time >= query.from && $0.time <= query.to })
    }

    static func points(of fact: GPUFact, in history: GPUHistory, of gpu: GPUSample) -> [HistoryPoint] {
        history.points.compactMap { point in
            let value: Double? =
                switch fact {
                case .utilizationGPUPercent: Double(point.utilizationPercent)
                // The ring has the share; bytes are what the rest of the world speaks of.
                case .memoryUsedBytes:
                    gpu.numbers[.memoryTotalBytes].map { (Double(point.memoryPercent) / 100 * $0).rounded() }
                case .temperatureCelsius: Double(point.temperatureCelsius)
                case .powerDrawWatts: (Double(point.powerWatts) * 100).rounded() / 100
                default: nil
                }
            guard let value, value.isFinite else { return nil }
            return HistoryPoint(time: point.time, value: value)
        }
    }
}
