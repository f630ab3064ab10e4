/// Xid errors and changes of state that were kept, as JSON: what `api/v1/events` answers. Documentation/schemas/telemetry.md
/// describes it.
public struct EventsJSON: Sendable {
    /// One line of JSON in UTF-8, without a newline.
    public let bytes: [UInt8]

    public init(_ events: [HistoryEvent]) {
        var json = JSONText(capacity: 64 + events.count * 128)
        json.object { json in
            json.value("schema", SnapshotJSON.schema)
            json.key("events")
            json.array { json in
                for event in events {
                    json.object { json in
                        json.time("time", event.time)
                        json.text("vm", event.machine)
                        json.text("kind", event.kind)
                        json.value("code", event.code)
                        json.text("pciAddress", event.pciAddress)
                        json.text("text", event.text)
                    }
                }
            }
        }
        bytes = json.bytes
    }
}
