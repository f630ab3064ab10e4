import Monitoring

/// From which table a query is answered, and how its rows become points. Pure.
struct HistoryResolution: Equatable {
    enum Table: String {
        case sample, minute, hour
    }

    var table: Table
    /// Seconds a point stands for; 0 for the samples as they came.
    var step: Double

    init(for query: HistoryQuery) {
        let span = query.to - query.from
        // As coarse as the answer's size demands, whatever was asked for.
        let finest = span / Double(HistoryQuery.pointLimit)
        let wanted = max(query.step ?? 0, finest <= 0.2 ? 0 : finest)
        switch (query.step, wanted) {
        // Nobody said: samples for two hours, minutes for a week.
        case (nil, _) where span <= 7200: (table, step) = (.sample, 0)
        case (nil, _) where span <= 7 * 86400: (table, step) = (.minute, 60)
        case (nil, _): (table, step) = (.hour, max(3600, wanted))
        case (_, ..<60): (table, step) = (.sample, wanted)
        case (_, ..<3600): (table, step) = (.minute, wanted)
        default: (table, step) = (.hour, wanted)
        }
    }

    /// Points, by time, as one per step.
    func fold(_ points: [HistoryPoint]) -> HistorySeries {
        guard step > 0 else {
            return HistorySeries(step: 0, points: Array(points.suffix(HistoryQuery.pointLimit)))
        }
        var folded: [HistoryPoint] = []
        for point in points {
            let time = (point.time / step).rounded(.down) * step
            guard var last = folded.last, last.time == time else {
                var first = point
                first.time = time
                folded.append(first)
                continue
            }
            let count = last.count + point.count
            last.mean = (last.mean * Double(last.count) + point.mean * Double(point.count)) / Double(count)
            last.minimum = min(last.minimum, point.minimum)
            last.maximum = max(last.maximum, point.maximum)
            last.count = count
            folded[folded.count - 1] = last
        }
        return HistorySeries(step: step, points: folded)
    }
}
