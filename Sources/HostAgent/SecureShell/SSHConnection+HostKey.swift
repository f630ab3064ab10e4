extension SSHConnection {
    /// The key that a server shows, before anybody logs in: nothing secret is sent.
    ///
    /// - Parameter policy: What the key must be.
    /// - Throws: ``Failure`` `ssh.unreachable` or `ssh.host-key-changed`; `CancellationError`.
    public static func hostKey(
        of endpoint: SSHEndpoint, policy: HostKeyPolicy, timeout: Duration
    ) async throws -> HostKeyPin {
        let deadline = ContinuousClock.now + timeout
        let room = BlockingRoom(executor: QueueExecutor(label: "ssh-key \(endpoint)"), interrupt: Interrupt())
        return try await room.perform { interrupt in
            let (session, key) = try Session.open(endpoint, hostKey: policy, until: deadline, interrupt: interrupt)
            session.disconnect()
            return key
        }
    }
}
