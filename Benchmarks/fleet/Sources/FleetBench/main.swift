import Contract
import Fleet
import FleetStore
import Foundation
import Passthrough
import Synchronization

// fleet-bench GUESTS FOLDER: a fleet of so many guests, each written by itself, planned, applied, killed in the middle, resumed,
// reimaged, on a simulated host with the real manifest reader, planner, scheduler and database. Prints a line for each part.

let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000
let folder = CommandLine.arguments.dropFirst(2).first ?? NSTemporaryDirectory() + "fleet-bench"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)

func measured<Value>(_ name: String, _ body: () async throws -> Value) async rethrows -> Value {
    let began = ContinuousClock.now
    let value = try await body()
    let seconds = (ContinuousClock.now - began) / .milliseconds(1)
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }?.split(separator: " ").dropFirst().first
    print(
        "\(name.padding(toLength: 28, withPad: " ", startingAt: 0)) \(Int(seconds)) ms, "
            + "peak \((peak.flatMap { Int($0) } ?? 0) / 1024) MB")
    return value
}

var text = "version: 1\nname: bench\nguests:\n"
try Data("image".utf8).write(to: URL(filePath: "\(folder)/disk.qcow2"))
for number in 0..<count {
    text += "  - name: node-\(number)\n    image: disk.qcow2\n    memory: \(number % 2 == 0 ? "32G" : "64G")\n"
    text += "    cpus: 8\n    gpus: 1\n    labels: {rack: r\(number % 40), team: vision}\n"
}
try Data(text.utf8).write(to: URL(filePath: "\(folder)/fleet.yaml"))

let place = FleetPlace(state: "\(folder)/state-\(UUID().uuidString)")
defer { try? FileManager.default.removeItem(atPath: place.state) }
let lock = try place.lock()
let host = SimulatedHost()
let capacity = HostCapacity(
    gpus: (0..<count).map { number in
        let text = "\(String(number >> 8, radix: 16)):\(String(number & 255, radix: 16)):00.0"
        let padded = text.split(separator: ":").enumerated().map { place, part in
            place == 2 ? String(part) : String(repeating: "0", count: (place == 0 ? 4 : 2) - part.count) + part
        }.joined(separator: ":")
        guard let address = PCIAddress(padded) else { fatalError("\(padded) is no address") }
        return HostCapacity.GPU(address: address, names: ["NVIDIA L4"], group: number)
    }, memoryBytes: 1 << 50, cpus: 1 << 24, jobs: 64)

let manifest = try await measured("manifest read") { try LoadedManifest.read("\(folder)/fleet.yaml") }
let digests = try await GoldenDigests(
    manifest, agent: "a", files: { $0 }, text: { _ in String(repeating: "a", count: 64) })
let database = try FleetDatabase.writer(place)

func planned(_ records: [GuestRecord], _ world: SimulatedHost.World) -> FleetPlan {
    FleetPlan(manifest, FleetReality(records, goldens: world.goldens, isRunning: { world.running[$0.name] != nil })) {
        digests[$0]
    }
}

@discardableResult
func apply(_ name: String, narrow: (FleetPlan) -> FleetPlan = { $0 }) async throws -> FleetPlan {
    let (records, whole): ([GuestRecord], FleetPlan) = try await measured("\(name): planned") {
        let records = try database.guests(of: manifest.name)
        return (records, planned(records, host.world.withLock { $0 }))
    }
    let plan = narrow(whole)
    await measured("\(name): carried out") {
        let world = host.world.withLock { $0 }
        let order = FleetOrder(
            plan, manifest, digest: { digests[$0] }, records: records, running: { world.running[$0.name] }, hostCPUs: 64
        )
        let run = FleetRun(
            plan, blueprints: order.blueprints, builds: order.builds,
            keeper: KilledKeeper(keeper: database, host: host),
            host: host, tell: { _ in })
        _ = try? await run.run(order.scheduler(on: capacity))
    }
    return plan
}

host.world.withLock { $0.tasksToLive = count / 2 }
try await apply("first, killed half-way")
host.world.withLock { $0.tasksToLive = nil }
try await apply("resumed")
let rest = try await apply("nothing to do")
try await apply("reimaged") { $0.reimaging() }
let last = try planned(database.guests(of: manifest.name), host.world.withLock { $0 })
host.world.withLock { world in
    print(
        "\(count) guests, \(world.boots) boots, \(world.violations) cards given twice, "
            + "\(rest.isEmpty && last.isEmpty ? "converged" : "NOT CONVERGED")")
}
let size = (try? FileManager.default.attributesOfItem(atPath: place.database)[.size] as? Int) ?? 0
print("state: \(size >> 10) KiB")
withExtendedLifetime(lock) {}
