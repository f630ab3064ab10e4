import Contract
import Fleet
import FleetStore
import Host
import Machines
import Passthrough
import VirtualMachines

/// A manifest beside what is there of its fleet.
struct FleetSurvey {
    let place: FleetPlace
    let manifest: FleetManifest
    let records: [GuestRecord]
    /// Facts of the VMs of those that were made, by the guest's name.
    let machines: [String: MachineFacts]
    private let digests: GoldenDigests

    /// Looks. `database` is nil where no fleet was ever made.
    init(_ manifest: FleetManifest, _ place: FleetPlace, _ database: FleetDatabase?, agent: String?) async throws {
        self.place = place
        self.manifest = manifest
        records = try database?.guests(of: manifest.name) ?? []
        machines = Self.machines(of: records, state: place.state)
        digests = try await GoldenDigests(manifest, state: place.state, agent: agent)
    }

    static func machines(of records: [GuestRecord], state: String) -> [String: MachineFacts] {
        var machines: [String: MachineFacts] = [:]
        for record in records {
            machines[record.name] = KnownMachine.machine(exactly: record.blueprint.machine, state: state)?
                .facts(state: state)
        }
        return machines
    }

    /// The difference between the two.
    var plan: FleetPlan {
        FleetPlan(
            manifest,
            FleetReality(
                records, goldens: GoldenStore(place).whole(), isRunning: { machines[$0.name]?.state == .running })
        ) { digests[$0] }
    }

    /// Whether a selector means a guest, by its labels in the manifest, or as it was made.
    func isMeant(by selector: GuestSelector) -> (String) -> Bool {
        selector.among(
            manifest, made: Dictionary(records.map { ($0.name, $0.blueprint.settings) }, uniquingKeysWith: { $1 }))
    }

    /// All that carrying out `plan` takes.
    func order(_ plan: FleetPlan) -> FleetOrder {
        FleetOrder(
            plan, manifest, digest: { digests[$0] }, records: records,
            running: { record in
                guard let machine = machines[record.name], machine.state == .running else { return nil }
                return machine.gpus.compactMap { PCIAddress($0) }
            }, hostCPUs: LocalFleetHost.cpus)
    }

    /// This host, for a fleet.
    func capacity(_ order: FleetOrder, jobs: Int?, overcommit: Int) throws -> HostCapacity {
        let own = Set(records.map(\.blueprint.machine))
        let elsewhere = MachineSurvey(state: place.state).all().filter {
            $0.state == .running && !own.contains($0.name)
        }
        // A host without a PCI bus may run guests without GPUs.
        let gpus = (try? GPUInventory.read(LiveHost()))?.gpus ?? []
        return HostCapacity(
            gpus, memory: HostMemory.read(), cpus: LocalFleetHost.cpus, ours: order.cards,
            elsewhere: elsewhere.compactMap(\.memoryBytes).reduce(0, +),
            jobs: jobs ?? HostCapacity.usualJobs(cpus: LocalFleetHost.cpus), overcommit: overcommit)
    }

    /// Everything that is wrong with what the order would begin, before it is begun: inputs of golden images, and guests that this
    /// host can never run.
    func problems(_ order: FleetOrder, _ host: LocalFleetHost, on capacity: HostCapacity) async -> [Failure] {
        var failures = await FleetInputs(order).problems { digest, settings in
            await host.check(digest, settings, gpus: order.namedCard(digest))
        }
        let scheduler = order.scheduler(on: capacity)
        for guest in order.plan.guests {
            if case .failed(let failure) = scheduler.state(of: guest.name) { failures.append(failure) }
        }
        return failures
    }
}
