import Contract
import Passthrough
import Provisioner
import Synchronization

@testable import Fleet

/// A host with its disks and VMs, and the state that is kept of them, all of which stand still the moment that the process is killed. It
/// watches what must never happen.
final class SimulatedFleet: FleetHost, FleetKeeper {
    struct Killed: Error {}

    struct Guest: Equatable {
        var golden: String
        var settings: GuestSettings?
        var gpus: [PCIAddress]
        var isRunning: Bool
    }

    struct World {
        var records: [String: GuestRecord] = [:]
        var guests: [String: Guest] = [:]
        var goldens: Set<String> = []
        /// Images that are being written.
        var halfBuilt: Set<String> = []
        var builds = 0
        var boots = 0
        var violations: [String] = []
        /// Steps until the process is killed; nil for never.
        var stepsToLive: Int?
        /// Guests whose tasks fail, and how often yet.
        var failing: [String: Int] = [:]
    }

    let world = Mutex(World())

    /// One thing that is done, or that the kill comes before.
    private func step(_ body: (inout World) throws -> Void) async throws {
        await Task.yield()
        try world.withLock { world in
            if let left = world.stepsToLive {
                guard left > 0 else { throw Killed() }
                world.stepsToLive = left - 1
            }
            try body(&world)
        }
    }

    // MARK: FleetHost

    func build(
        _ digest: String, _ settings: GuestSettings, gpus: [PCIAddress],
        progress: @escaping @Sendable (Progress) -> Void
    ) async throws {
        try await step {
            $0.halfBuilt.insert(digest)
            $0.builds += 1
        }
        progress(.phase("Provision the guest"))
        try await step {
            $0.halfBuilt.remove(digest)
            $0.goldens.insert(digest)
        }
    }

    func perform(
        _ action: FleetPlan.Action, _ guest: GuestBlueprint, gpus: [PCIAddress],
        progress: @escaping @Sendable (Progress) -> Void
    ) async throws -> GuestStart? {
        try await step { world in
            if world.records[guest.name]?.phase != .working {
                world.violations.append("\(guest.name): not noted first")
            }
            if let left = world.failing[guest.name], left > 0 {
                world.failing[guest.name] = left - 1
                throw Failure(
                    .guestDidNotBoot, operation: "boot", message: "It did not boot.", remedy: "Look.", retryable: true,
                    side: .guest)
            }
        }
        try await stop(guest, progress: progress)
        if action == .destroy {
            try await step { $0.guests[guest.name] = nil }
            return nil
        }
        if action == .create || action == .reimage {
            try await step { world in
                if !world.goldens.contains(guest.golden) { world.violations.append("\(guest.name): no image") }
                world.guests[guest.name] = Guest(golden: guest.golden, settings: nil, gpus: [], isRunning: false)
            }
        }
        try await step { world in
            for (other, there) in world.guests where there.isRunning && other != guest.name {
                if !Set(there.gpus).isDisjoint(with: gpus) {
                    world.violations.append("\(guest.name) got a card of \(other)")
                }
            }
            world.boots += 1
            world.guests[guest.name]?.gpus = gpus
            world.guests[guest.name]?.isRunning = true
            world.guests[guest.name]?.settings = guest.settings
        }
        // Killed here, it runs, and nobody has noted it.
        try await step { _ in }
        return GuestStart(sshPort: 22, user: "root", hostKey: nil, seconds: 1)
    }

    func stop(_ guest: GuestBlueprint, progress: @escaping @Sendable (Progress) -> Void) async throws {
        try await step {
            $0.guests[guest.name]?.isRunning = false
            $0.guests[guest.name]?.gpus = []
        }
    }

    // MARK: FleetKeeper

    private func kept<Value>(_ body: (inout World) throws -> Value) throws -> Value {
        try world.withLock { world in
            guard world.stepsToLive != 0 else { throw Killed() }
            return try body(&world)
        }
    }

    func guests(of fleet: String) throws -> [GuestRecord] {
        try kept { $0.records.values.sorted { $0.name < $1.name } }
    }

    func put(_ guest: GuestRecord) throws { try kept { $0.records[guest.name] = guest } }

    func remove(guest: String, of fleet: String) throws { try kept { $0.records[guest] = nil } }

    func goldensInUse() throws -> Set<String> { try kept { Set($0.records.values.map(\.blueprint.golden)) } }
}
