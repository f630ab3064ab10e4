import GPUReadings
public import Telemetry

/// The last minutes of a GPU, a point per sample: what a sparkline shows. Single precision, in rings: a host holds thousands.
public struct GPUHistory: Equatable, Sendable {
    /// Points that are kept: ten minutes at 1 Hz.
    public static let limit = 600

    /// One moment. What is not told is NaN.
    public struct Point: Equatable, Sendable {
        /// Seconds since 1970.
        public var time: Double
        /// 0 to 100.
        public var utilizationPercent: Float
        /// Share of the memory that is used, 0 to 100.
        public var memoryPercent: Float
        public var temperatureCelsius: Float
        public var powerWatts: Float

        public init(
            time: Double, utilizationPercent: Float, memoryPercent: Float, temperatureCelsius: Float, powerWatts: Float
        ) {
            self.time = time
            self.utilizationPercent = utilizationPercent
            self.memoryPercent = memoryPercent
            self.temperatureCelsius = temperatureCelsius
            self.powerWatts = powerWatts
        }

        /// The moment of a sample.
        public init(time: Double, of gpu: GPUSample) {
            func number(_ value: Double?) -> Float { value.map { Float($0) } ?? .nan }
            let numbers = gpu.numbers
            var memory: Double?
            if let used = numbers[.memoryUsedBytes], let total = numbers[.memoryTotalBytes], total > 0 {
                memory = min(100, max(0, used / total * 100))
            }
            self.init(
                time: time, utilizationPercent: number(numbers[.utilizationGPUPercent]), memoryPercent: number(memory),
                temperatureCelsius: number(numbers[.temperatureCelsius]), powerWatts: number(numbers[.powerDrawWatts]))
        }
    }

    private var ring: [Point] = []
    private var first = 0

    public init() {}

    /// Adds the newest; the oldest goes where there are ``limit``.
    public mutating func append(_ point: Point) {
        if ring.count < Self.limit {
            ring.append(point)
        } else {
            ring[first] = point
            first = (first + 1) % Self.limit
        }
    }

    /// Oldest first.
    public var points: [Point] { Array(ring[first...] + ring[..<first]) }

    public var isEmpty: Bool { ring.isEmpty }
}
