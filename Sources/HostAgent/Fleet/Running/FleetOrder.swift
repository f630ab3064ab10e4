public import Passthrough
import Provisioner

/// A plan with all that carrying it out takes. Pure.
public struct FleetOrder: Sendable {
    public var plan: FleetPlan
    /// Of all guests that the plan names.
    public private(set) var blueprints: [String: GuestBlueprint] = [:]
    /// Settings of a guest for each image of the plan, to build it with.
    public private(set) var builds: [String: GuestSettings] = [:]
    /// The first guest that wants it, for each image: for an error's words.
    public private(set) var firstGuests: [String: DeclaredGuest] = [:]
    private var needs: [String: GuestNeed] = [:]
    private var holding: [String: [PCIAddress]] = [:]
    private let hostCPUs: Int

    /// - Parameters:
    ///   - digest: The golden image of a guest of the manifest.
    ///   - records: What is known of guests that are there.
    ///   - running: The cards of a guest whose VM runs; nil where it does not.
    public init(
        _ plan: FleetPlan, _ manifest: FleetManifest, digest: (DeclaredGuest) -> String, records: [GuestRecord],
        running: (GuestRecord) -> [PCIAddress]?, hostCPUs: Int
    ) {
        self.plan = plan
        self.hostCPUs = hostCPUs
        for record in records {
            blueprints[record.name] = record.blueprint
            guard let cards = running(record) else { continue }
            holding[record.name] = cards
            needs[record.name] = record.blueprint.settings.need(hostCPUs: hostCPUs)
        }
        let planned = Set(plan.guests.map(\.name))
        for guest in manifest.guests where planned.contains(guest.name) {
            let golden = digest(guest)
            blueprints[guest.name] = GuestBlueprint(
                fleet: manifest.name, name: guest.name, settings: guest.settings, golden: golden)
            needs[guest.name] = guest.settings.need(hostCPUs: hostCPUs)
            if builds[golden] == nil {
                builds[golden] = guest.settings
                firstGuests[golden] = guest
            }
        }
    }

    /// What a guest of the manifest, or one that runs, takes; nil for others.
    func need(_ guest: String) -> GuestNeed? { needs[guest] }

    /// What building an image for a guest of these settings takes.
    func buildNeed(_ settings: GuestSettings) -> GuestNeed { settings.buildNeed(hostCPUs: hostCPUs) }

    /// Images that are to be built, in the plan's order.
    public var missing: [String] { plan.goldens.filter { $0.isMissing && $0.guests > 0 }.map(\.digest) }

    /// Whether something of NVIDIA's is to be installed.
    public var needsLicences: Bool {
        missing.contains { builds[$0]?.contents.hasRunfiles == true }
    }

    /// Cards that the fleet's guests hold now.
    public var cards: Set<PCIAddress> { Set(holding.values.joined()) }

    /// A card to check an image's inputs with, where its guest names one that is not in use by the fleet itself.
    public func namedCard(_ digest: String) -> [PCIAddress] {
        guard case .addresses(let addresses)? = builds[digest]?.gpus else { return [] }
        return addresses.prefix(1).filter { !cards.contains($0) }
    }

    /// Who decides what is next, on a host.
    public func scheduler(on capacity: HostCapacity) -> FleetScheduler {
        FleetScheduler(
            plan, on: capacity, needs: needs, builds: builds.mapValues { $0.buildNeed(hostCPUs: hostCPUs) },
            holding: holding)
    }
}
