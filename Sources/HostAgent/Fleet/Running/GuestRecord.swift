public import Contract
public import Passthrough
public import Provisioner
public import VirtualMachines

/// A guest as a fleet's state keeps it. What is begun with it is on disk before it is begun.
public struct GuestRecord: Codable, Equatable, Sendable {
    /// What is known of its last task.
    public enum Phase: String, Codable, Sendable {
        /// It was begun. Where no command works on the fleet, it was cut off.
        case working
        case done
        case failed
    }

    public var blueprint: GuestBlueprint
    /// What was done last, or is being done.
    public var action: FleetPlan.Action
    public var phase: Phase
    /// The cards that its VM was last started with.
    public var gpus: [PCIAddress]
    /// Why the last task failed; only of `failed`.
    public var failure: Failure?
    /// Of its last start.
    public var start: GuestStart?
    /// Seconds since 1970.
    public var changedAt: Double

    public init(
        blueprint: GuestBlueprint, action: FleetPlan.Action, phase: Phase, gpus: [PCIAddress] = [],
        failure: Failure? = nil, start: GuestStart? = nil, changedAt: Double
    ) {
        self.blueprint = blueprint
        self.action = action
        self.phase = phase
        self.gpus = gpus
        self.failure = failure
        self.start = start
        self.changedAt = changedAt
    }

    public var name: String { blueprint.name }

    /// Why its disk cannot be counted on; nil where it can.
    var damage: String? {
        switch (action, phase) {
        case (.create, .working), (.reimage, .working): "its making was cut off"
        case (.destroy, .working), (.destroy, .failed): "its removal was cut off"
        case (.create, .failed), (.reimage, .failed): failure?.message ?? "its making failed"
        default: nil
        }
    }
}

/// What a guest showed when it was started last.
public struct GuestStart: Codable, Equatable, Sendable {
    /// The port of 127.0.0.1 that leads to its SSH.
    public var sshPort: UInt16
    /// Who can log in; nil where nobody could.
    public var user: String?
    /// As `ssh-keygen -l` prints it.
    public var hostKey: String?
    /// From the launch to the answer of its SSH server.
    public var seconds: Double
    /// Ports of 127.0.0.1 and what they lead to in the guest.
    public var ports: [PortForward]
    /// That CUDA works in it; nil where it was not asked.
    public var proof: MachineProof?

    public init(
        sshPort: UInt16, user: String?, hostKey: String?, seconds: Double, ports: [PortForward] = [],
        proof: MachineProof? = nil
    ) {
        self.sshPort = sshPort
        self.user = user
        self.hostKey = hostKey
        self.seconds = seconds
        self.ports = ports
        self.proof = proof
    }
}
