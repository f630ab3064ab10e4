import Contract
import Fleet
import Passthrough
import Provisioner
import Synchronization

/// A host that does nothing, in no time: what is measured is the tool's own part. It counts, and watches that no card is given twice.
final class SimulatedHost: FleetHost {
    struct World {
        var running: [String: [PCIAddress]] = [:]
        var owners: [PCIAddress: String] = [:]
        var goldens: Set<String> = []
        var boots = 0
        var violations = 0
        /// Tasks until everything fails as if the process had been killed; nil for never.
        var tasksToLive: Int?
    }

    struct Killed: Error {}

    let world = Mutex(World())

    func build(
        _ digest: String, _ settings: GuestSettings, gpus: [PCIAddress],
        progress: @escaping @Sendable (Progress) -> Void
    ) async throws {
        _ = world.withLock { $0.goldens.insert(digest) }
    }

    func perform(
        _ action: FleetPlan.Action, _ guest: GuestBlueprint, gpus: [PCIAddress],
        progress: @escaping @Sendable (Progress) -> Void
    ) async throws -> GuestStart? {
        try world.withLock { world in
            if let left = world.tasksToLive {
                guard left > 0 else { throw Killed() }
                world.tasksToLive = left - 1
            }
            for card in world.running[guest.name] ?? [] { world.owners[card] = nil }
            guard action != .destroy else {
                world.running[guest.name] = nil
                return
            }
            for card in gpus where world.owners.updateValue(guest.name, forKey: card) != nil { world.violations += 1 }
            world.running[guest.name] = gpus
            world.boots += 1
        }
        return action == .destroy ? nil : GuestStart(sshPort: 22, user: "root", hostKey: nil, seconds: 1)
    }

    func stop(_ guest: GuestBlueprint, progress: @escaping @Sendable (Progress) -> Void) async throws {
        world.withLock { world in
            for card in world.running[guest.name] ?? [] { world.owners[card] = nil }
            world.running[guest.name] = nil
        }
    }
}

/// State that is lost with the process, as it is when it is killed: writes stop.
struct KilledKeeper: FleetKeeper {
    let keeper: any FleetKeeper
    let host: SimulatedHost

    private func live() throws {
        guard host.world.withLock({ $0.tasksToLive != 0 }) else { throw SimulatedHost.Killed() }
    }

    func guests(of fleet: String) throws -> [GuestRecord] { try keeper.guests(of: fleet) }
    func goldensInUse() throws -> Set<String> { try keeper.goldensInUse() }

    func put(_ guest: GuestRecord) throws {
        try live()
        try keeper.put(guest)
    }

    func remove(guest: String, of fleet: String) throws {
        try live()
        try keeper.remove(guest: guest, of: fleet)
    }
}
