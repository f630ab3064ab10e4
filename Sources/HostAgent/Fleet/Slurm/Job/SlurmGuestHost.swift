import Contract
import FoundationEssentials
import Host
import Machines
public import Passthrough
import Provisioner

/// Makes guests and golden images inside a Slurm job, by what a single host does.
///
/// VMs and their disks are on the node's `scratch`, or on `shared` where the site has none; golden images always on `shared`.
public struct SlurmGuestHost: SlurmPerformer {
    private let place: FleetPlace
    private let host: LocalFleetHost

    /// For a site's nodes.
    public init(_ site: SlurmSite) {
        place = FleetPlace(state: site.scratch ?? "\(site.shared)/state", goldens: site.goldens)
        host = LocalFleetHost(place, grace: .seconds(site.graceSeconds))
    }

    public func perform(
        _ task: GuestTask, gpus: [PCIAddress], attempt: Int, wasUp: Bool, progress: @escaping @Sendable (String) -> Void
    ) async throws -> any SlurmGuest {
        let tell: @Sendable (Progress) -> Void = { news in
            switch news {
            case .phase(let text), .note(let text): progress(text)
            case .warning(let text): progress("warning: \(text)")
            case .transfer, .guest: break
            }
        }
        if let digest = task.builds {
            try makePrivateFolder(place.goldenFolder, operation: "make the golden images' folder")
            try await host.build(digest, task.settings, gpus: gpus, progress: tell)
            return BuiltImage()
        }
        guard let golden = task.golden else {
            throw Failure(
                .runDiffers, operation: "make the guest \(task.guest)", message: "Its task names no golden image.",
                remedy: "Submit it again with this version of provision-gpu-vm.", side: .host)
        }
        let guest = GuestBlueprint(
            fleet: task.fleet, name: task.guest, settings: task.settings, golden: golden.digest)
        try await host.stop(guest, progress: tell)
        if isToBegin(task, guest, wasUp: wasUp) { try await host.begin(guest) }
        let (start, machine) = try await host.launch(guest, gpus: gpus, progress: tell)
        return RunningGuest(
            sshPort: start.sshPort, proof: start.proof, machine: machine, state: place.state, progress: tell)
    }

    /// A disk begins anew where that was asked for and not done yet, and where this node sees none (`scratch` of another node).
    private func isToBegin(_ task: GuestTask, _ guest: GuestBlueprint, wasUp: Bool) -> Bool {
        guard FileManager.default.fileExists(atPath: place.disk(guest)) else { return true }
        return !wasUp && (task.action == .create || task.action == .reimage)
    }
}

/// A golden image that was built: there is nothing to stay with.
private struct BuiltImage: SlurmGuest {
    var sshPort: UInt16? { nil }
    var proof: MachineProof? { nil }
    func stay(grace: Duration) async throws {}
}

private struct RunningGuest: SlurmGuest {
    var sshPort: UInt16?
    var proof: MachineProof?
    var machine: Starting.Started
    var state: String
    var progress: @Sendable (Progress) -> Void

    func stay(grace: Duration) async throws {
        _ = try await machine.stay(grace: grace, state: state, progress: progress)
    }
}
