public import GPUReadings
import Telemetry

/// One fact of one GPU over time, as JSON: what `api/v1/history` answers. Documentation/schemas/telemetry.md describes it.
public struct HistoryJSON: Sendable {
    /// A sample, or a step's samples as one. Values in the fact's unit.
    public struct Point: Equatable, Sendable {
        /// When it was, or when the step began; seconds since 1970.
        public var time: Double
        /// The value, or the step's mean.
        public var mean: Double
        /// The step's smallest and largest; nil where the point is a single sample.
        public var range: ClosedRange<Double>?

        public init(time: Double, mean: Double, range: ClosedRange<Double>? = nil) {
            self.time = time
            self.mean = mean
            self.range = range
        }
    }

    /// One line of JSON in UTF-8, without a newline.
    public let bytes: [UInt8]

    /// - Parameters:
    ///   - points: oldest first. Where a step has no sample there is no point: a gap, never a zero.
    ///   - stepSeconds: how long a step is; 0 for samples as they came.
    public init(
        vm: String, gpu: Int, fact: GPUFact, from: Double, to: Double, stepSeconds: Double, points: [Point]
    ) {
        var json = JSONText(capacity: 200 + points.count * 32)
        json.object { json in
            json.value("schema", SnapshotJSON.schema)
            json.text("vm", vm)
            json.value("gpu", gpu)
            json.text("fact", fact.key)
            json.time("from", from)
            json.time("to", to)
            json.value("stepSeconds", stepSeconds)
            json.key("points")
            json.array { json in
                for point in points { json.point(point) }
            }
        }
        bytes = json.bytes
    }

    /// The facts that a ``GPUHistory`` has.
    public static let liveFacts: [GPUFact] = [
        .utilizationGPUPercent, .memoryUsedBytes, .temperatureCelsius, .powerDrawWatts,
    ]

    /// The last minutes out of memory, for a host that keeps no database: none for facts other than ``liveFacts``.
    public static func live(
        of machine: MachineTelemetry, gpu index: Int, fact: GPUFact, from: Double, to: Double
    ) -> [Point] {
        guard let gpu = machine.sample?.gpus.first(where: { $0.index == index }), let history = machine.history[index]
        else { return [] }
        return points(of: fact, in: history, of: gpu).filter { (from...max(from, to)).contains($0.time) }
    }

    static func points(of fact: GPUFact, in history: GPUHistory, of gpu: GPUSample) -> [Point] {
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
            return Point(time: point.time, mean: value)
        }
    }
}

extension JSONText {
    /// `[time, value]` or `[time, mean, smallest, largest]`.
    mutating func point(_ point: HistoryJSON.Point) {
        array { json in
            json.number(JSONText.milliseconds(point.time))
            json.number(point.mean)
            if let range = point.range {
                json.number(range.lowerBound)
                json.number(range.upperBound)
            }
        }
    }
}
