import GPUReadings
import Telemetry

/// A snapshot as JSON: what `api/v1/machines` answers and `api/v1/stream` sends. Documentation/schemas/telemetry.md describes it.
public struct SnapshotJSON: Sendable {
    /// Of this and of ``HistoryJSON``. Keys are only added within a schema.
    public static let schema = 1

    /// One line of JSON in UTF-8, without a newline.
    public let bytes: [UInt8]

    /// - Parameter histories: whether each GPU comes with its last minutes. Some 60 kB a GPU: for a few, not for a fleet.
    public init(_ snapshot: TelemetrySnapshot, histories: Bool = false) {
        var json = JSONText(capacity: snapshot.machines.count * 4096)
        json.object { json in
            json.value("schema", Self.schema)
            json.time("time", snapshot.time)
            json.key("machines")
            json.array { json in
                for machine in snapshot.machines { json.machine(machine, at: snapshot.time, histories: histories) }
            }
        }
        bytes = json.bytes
    }
}

extension JSONText {
    fileprivate mutating func machine(_ machine: MachineTelemetry, at now: Double, histories: Bool) {
        let condition = machine.condition(at: now)
        object { json in
            json.text("name", machine.name)
            json.text("condition", condition.word)
            if !condition.detail.isEmpty { json.text("detail", condition.detail) }
            json.key("fresh")
            json.flag(condition == .live)
            json.time("heardAt", machine.heardAt)
            json.time("sampledAt", machine.sampledAt)
            json.value("sampleAgeSeconds", machine.sampleAge(at: now).map(JSONText.milliseconds))
            if let hello = machine.hello {
                json.text("hostname", hello.hostname)
                json.text("agent", hello.agent)
                json.text("bootID", hello.bootID)
                json.value("intervalSeconds", hello.intervalSeconds)
            }
            if let status = machine.status {
                json.key("sampler")
                json.object { json in
                    json.text("state", status.state.rawValue)
                    if !status.detail.isEmpty { json.text("detail", status.detail) }
                    json.value("forSeconds", status.forSeconds)
                    json.value("restarts", status.restarts)
                    json.value("dropped", status.dropped)
                }
            }
            json.text("driverVersion", machine.sample?.driverVersion)
            json.text("cudaVersion", machine.sample?.cudaVersion)
            json.list("gpus", machine.sample?.gpus ?? []) { json, gpu in
                json.gpu(gpu, history: histories ? machine.history[gpu.index] : nil)
            }
            json.list("events", machine.events) { json, timed in
                json.object { json in
                    json.time("time", timed.time)
                    json.value("code", timed.event.code)
                    json.text("pciAddress", timed.event.pciAddress)
                    json.text("text", timed.event.text)
                }
            }
            let counts = machine.xidCounts.sorted {
                ($0.key.pciAddress, $0.key.code) < ($1.key.pciAddress, $1.key.code)
            }
            json.list("xidCounts", counts) { json, entry in
                json.object { json in
                    if !entry.key.pciAddress.isEmpty { json.text("pciAddress", entry.key.pciAddress) }
                    json.value("code", entry.key.code)
                    json.value("count", entry.value)
                }
            }
            if machine.losses != TelemetryLosses() {
                json.key("losses")
                json.object { json in
                    json.value("droppedInGuest", machine.losses.droppedInGuest)
                    json.value("nonsense", machine.losses.nonsense)
                    json.value("floodedBytes", machine.losses.floodedBytes)
                    json.value("missed", machine.losses.missed)
                }
            }
        }
    }

    private mutating func gpu(_ gpu: GPUSample, history: GPUHistory?) {
        object { json in
            json.value("index", gpu.index)
            json.text("uuid", gpu.uuid)
            json.text("name", gpu.name)
            json.text("pciAddress", gpu.pciAddress)
            json.key("facts")
            json.object { json in
                for (fact, value) in gpu.numbers.told { json.value(fact.key, value) }
                for (key, text) in gpu.texts.sorted(by: { $0.key < $1.key }) { json.text(key, text) }
            }
            json.list("clocksEvents", gpu.clocksEvents) { $0.string($1) }
            if !gpu.faults.isEmpty {
                json.key("faults")
                json.object { json in
                    for (key, text) in gpu.faults.sorted(by: { $0.key < $1.key }) { json.text(key, text) }
                }
            }
            json.list("processes", gpu.processes) { json, process in
                json.object { json in
                    json.value("pid", process.pid)
                    json.text("name", process.name)
                    json.text("type", process.type)
                    json.value("memoryBytes", process.memoryBytes.map(Double.init))
                }
            }
            json.value("processCount", gpu.processCount)
            json.list("migDevices", gpu.migDevices) { json, device in
                json.object { json in
                    json.value("index", device.index)
                    json.value("gpuInstance", device.gpuInstance)
                    json.value("computeInstance", device.computeInstance)
                    json.value("memoryTotalBytes", device.memoryTotalBytes.map(Double.init))
                    json.value("memoryUsedBytes", device.memoryUsedBytes.map(Double.init))
                }
            }
            if let history {
                json.key("history")
                json.object { json in
                    for fact in LiveHistory.facts {
                        json.list(fact.key, LiveHistory.points(of: fact, in: history, of: gpu)) { $0.sample($1) }
                    }
                }
            }
        }
    }
}
