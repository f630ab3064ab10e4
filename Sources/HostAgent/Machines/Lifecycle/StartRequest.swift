public import Provisioner
public import VirtualMachines

/// What `start` is asked for.
public struct StartRequest: Sendable {
    /// IMAGE and the machine. Its contents and destination are not looked at.
    public var job: Job
    /// Nil: after the image.
    public var name: String?
    /// The guest writes to a throwaway disk; IMAGE stays as it is.
    public var isSnapshot: Bool
    /// Whether to wait for the guest's SSH server.
    public var waitsForGuest: Bool
    /// What the guest is handed; nil: what it was handed at its last start.
    public var identity: GuestIdentity?
    /// Further forwarded ports; nil: those of the last start. One without a port of the host keeps the one that it had.
    public var forwards: [PortForward]?
    /// Whether the connection over which the guest was reached stays open, for ``Starting/Started/prove(_:state:context:)``.
    public var keepsConnection: Bool

    /// A request.
    public init(
        job: Job, name: String? = nil, isSnapshot: Bool = false, waitsForGuest: Bool = true,
        identity: GuestIdentity? = nil, forwards: [PortForward]? = nil, keepsConnection: Bool = false
    ) {
        self.job = job
        self.name = name
        self.isSnapshot = isSnapshot
        self.waitsForGuest = waitsForGuest
        self.identity = identity
        self.forwards = forwards
        self.keepsConnection = keepsConnection
    }

    /// The VM's name.
    public var machineName: String { name ?? MachineName.suggested(forImage: job.image) }
}
