import GPUReadings

/// One fact of one GPU over time, as JSON: what `api/v1/history` answers. Documentation/schemas/telemetry.md describes it.
public struct HistoryJSON: Sendable {
    /// One line of JSON in UTF-8, without a newline.
    public let bytes: [UInt8]

    /// A point is its value where it is a sample, and with its extremes where it is a step's. Where a step has no sample there is
    /// no point: a gap, never a zero.
    public init(_ series: HistorySeries, of query: HistoryQuery) {
        var json = JSONText(capacity: 200 + series.points.count * 32)
        json.object { json in
            json.value("schema", SnapshotJSON.schema)
            json.text("vm", query.machine)
            json.value("gpu", query.gpu)
            json.text("fact", query.fact.key)
            json.time("from", query.from)
            json.time("to", query.to)
            json.value("stepSeconds", series.step)
            json.key("points")
            json.array { json in
                for point in series.points {
                    if series.step > 0 { json.step(point) } else { json.sample(point) }
                }
            }
        }
        bytes = json.bytes
    }
}

extension JSONText {
    /// `[time, value]`.
    mutating func sample(_ point: HistoryPoint) {
        array { json in
            json.number(JSONText.milliseconds(point.time))
            json.number(point.mean)
        }
    }

    /// `[time, mean, smallest, largest]`.
    fileprivate mutating func step(_ point: HistoryPoint) {
        array { json in
            json.number(JSONText.milliseconds(point.time))
            json.number(point.mean)
            // A guest that lies in numbers must not make a range that ends before it begins.
            json.number(min(point.minimum, point.maximum))
            json.number(max(point.minimum, point.maximum))
        }
    }
}
