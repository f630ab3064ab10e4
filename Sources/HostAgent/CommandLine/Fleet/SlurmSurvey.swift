import Contract
import Fleet

/// A manifest beside what is there of its fleet in Slurm.
struct SlurmSurvey {
    let manifest: FleetManifest
    let fleet: SlurmFleet
    private let digests: GoldenDigests
    private let reality: FleetReality

    /// Looks: at the inputs for their digests, at the spool and the queue.
    init(_ manifest: FleetManifest, _ fleet: SlurmFleet, state: String, agent: String?) async throws {
        self.manifest = manifest
        self.fleet = fleet
        digests = try await GoldenDigests(manifest, state: state, agent: agent)
        reality = try await fleet.reality()
    }

    /// The difference between the two.
    var plan: FleetPlan { FleetPlan(manifest, reality) { digests[$0] } }

    /// Whether a selector means a guest, by its labels in the manifest, or as it was made.
    func isMeant(by selector: GuestSelector) -> (String) -> Bool {
        selector.among(manifest, made: reality.guests.mapValues(\.settings))
    }

    /// All that carrying out `plan` takes.
    func order(_ plan: FleetPlan) -> FleetOrder {
        FleetOrder(
            plan, manifest, digest: { digests[$0] }, records: [], running: { _ in nil }, hostCPUs: LocalFleetHost.cpus)
    }

    /// Everything that is wrong with the order's inputs, before anything is submitted. What a node lacks, its job says.
    func problems(_ order: FleetOrder, _ host: LocalFleetHost) async -> [Failure] {
        await FleetInputs(order).problems { digest, settings in await host.checkInputs(digest, settings) }
    }
}
