public import Passthrough
public import Provisioner

/// A guest that runs inside a job.
public protocol SlurmGuest: Sendable {
    /// Its SSH server's port on 127.0.0.1 of the node.
    var sshPort: UInt16? { get }
    /// What it showed of CUDA; nil where it was not asked.
    var proof: MachineProof? { get }

    /// Waits for its end. Cancelled, it powers the guest off in order, by force after `grace`, and returns. Throws a ``Failure`` for an end
    /// that was no shutdown.
    func stay(grace: Duration) async throws
}

/// Makes and starts guests on this node: the seam to whatever does it (the local engine; a stand-in in tests).
public protocol SlurmPerformer: Sendable {
    /// Does what the task says, with these cards, and returns once the guest can be used. Cancelled, it unwinds and throws.
    ///
    /// - Parameters:
    ///   - attempt: How often the job was begun before.
    ///   - wasUp: Whether the guest was up in one of these: `create` and `reimage` are done then, and a disk that is still there is
    ///     what the guest has written since.
    ///   - progress: Tells a line, for people.
    func perform(
        _ task: GuestTask, gpus: [PCIAddress], attempt: Int, wasUp: Bool, progress: @escaping @Sendable (String) -> Void
    ) async throws -> any SlurmGuest
}
