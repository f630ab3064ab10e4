public import Provisioner

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

    /// A request.
    public init(job: Job, name: String? = nil, isSnapshot: Bool = false, waitsForGuest: Bool = true) {
        self.job = job
        self.name = name
        self.isSnapshot = isSnapshot
        self.waitsForGuest = waitsForGuest
    }

    /// The VM's name.
    public var machineName: String { name ?? MachineName.suggested(forImage: job.image) }
}
