extension SSHConnection {
    /// The key that a server shows, before anybody logs in: nothing secret is sent.
    ///
    /// - Parameters:
    ///   - policy: What the key must be.
    ///   - types: The only types of key to ask for, in this order; all that this tool knows without.
    /// - Throws: ``Failure`` `ssh.unreachable`, also where the server has no key of these types, or `ssh.host-key-changed`;
    ///   `CancellationError`.
    public static func hostKey(
        of endpoint: SSHEndpoint, policy: HostKeyPolicy = .acceptFirst, types: [String]? = nil, timeout: Duration
    ) async throws -> HostKeyPin {
        let deadline = ContinuousClock.now + timeout
        return try await BlockingRoom(executor: QueueExecutor(label: "ssh-key \(endpoint)")).perform { interrupt in
            let (session, key) = try Session.open(
                endpoint, hostKey: policy, keyTypes: types, until: deadline, interrupt: interrupt)
            session.disconnect()
            return key
        }
    }
}
