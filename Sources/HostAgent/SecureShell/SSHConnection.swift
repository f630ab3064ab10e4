import Contract

/// A logged-in SSH connection to one server.
///
/// Operations run one after the other, on a thread of their own. One that waits (``run(_:input:deadline:outputLimit:)``
/// for a slow command, ``lines(of:input:idleLimit:lineLimit:)`` for the next line) keeps the others waiting: open a
/// second connection for work beside a long `lines`. Cancelling the task of an operation ends it at once, with
/// `CancellationError`; ``close()`` ends whatever is in progress.
///
/// A remote command outlives its channel: after a deadline or a cancellation the server closes its pipes, and a command
/// that uses none of them runs on. The connection stays good, unless a packet was half sent (an upload, above all): then
/// what follows throws `ssh.broken`, and the caller connects anew.
public actor SSHConnection {
    /// The user whose login was accepted.
    public nonisolated let user: String
    /// The server's key, to be pinned from now on.
    public nonisolated let hostKey: HostKeyPin
    /// Where the server is.
    public nonisolated let endpoint: SSHEndpoint

    private let executor: QueueExecutor
    nonisolated let interrupt: Interrupt
    /// Nil once closed.
    private var session: Session?
    /// Commands whose lines are being read, by the number of their ``LineFeed``.
    var feeds: [LineFeed.ID: OpenFeed] = [:]

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private init(_ loggedIn: sending LoggedIn, executor: QueueExecutor, interrupt: Interrupt) {
        self.user = loggedIn.user
        self.hostKey = loggedIn.hostKey
        self.endpoint = loggedIn.session.endpoint
        self.session = loggedIn.session
        loggedIn.session.sendsKeepalives = true
        self.executor = executor
        self.interrupt = interrupt
    }

    /// Connects and tries `logins` in order, on as many TCP connections as the server's MaxAuthTries asks for.
    ///
    /// - Parameters:
    ///   - endpoint: Where the server listens.
    ///   - logins: Users, and what to try for each.
    ///   - hostKey: What the server's key must be; checked before anything secret is sent.
    ///   - timeout: For everything together: TCP, key exchange and all logins. A slow resolver of names may exceed it;
    ///     addresses need none.
    /// - Returns: A connection in which one of the users is logged in.
    /// - Throws: ``Failure``:
    ///   `ssh.unreachable` (nothing there, no common algorithms, too slow),
    ///   `ssh.host-key-changed`,
    ///   `ssh.authentication-refused` (the evidence lists every user and credential tried and what the server offers),
    ///   `identity.unusable` (no credential could even be sent);
    ///   `CancellationError`.
    public static func connect(
        to endpoint: SSHEndpoint, logins: [SSHLogin], hostKey: HostKeyPolicy, timeout: Duration
    ) async throws -> SSHConnection {
        let deadline = ContinuousClock.now + timeout
        let executor = QueueExecutor(label: "ssh \(endpoint)")
        let interrupt = Interrupt()
        let loggedIn = try await BlockingRoom(executor: executor, interrupt: interrupt).perform { interrupt in
            var sequence = LoginSequence(
                endpoint: endpoint, logins: logins, policy: hostKey, deadline: deadline, interrupt: interrupt)
            return try sequence.run()
        }
        return SSHConnection(loggedIn, executor: executor, interrupt: interrupt)
    }

    /// Ends the connection and whatever is in progress on it, which throws `ssh.broken`. Closing twice is harmless.
    public nonisolated func close() async {
        interrupt.close()
        await release()
    }

    private func release() {
        feeds.removeAll()
        session?.disconnect()
        session = nil
    }

    /// Runs blocking `body` with the session; a cancelled task wakes its waits. Errors of the lower layers become
    /// ``Failure``s here. `limit` is for the message, where `body` throws ``DeadlinePassed``.
    func withSession<Value>(
        _ operation: String, limit: Duration, _ body: (Session) throws -> Value
    ) async throws -> Value {
        try await withTaskCancellationHandler {
            guard let session else {
                throw Failure.sshBroken(endpoint, operation: operation, seen: "the connection was closed")
            }
            if let reason = session.brokenBy {
                throw Failure.sshBroken(endpoint, operation: operation, seen: reason)
            }
            session.reapChannels()
            do {
                return try body(session)
            } catch let error as LibraryError {
                session.markBroken(error.description)
                throw Failure.sshBroken(endpoint, operation: operation, seen: error.description)
            } catch is ConnectionClosed {
                throw Failure.sshBroken(endpoint, operation: operation, seen: "the connection was closed")
            } catch is DeadlinePassed {
                throw Failure.sshDeadline(operation: operation, after: limit)
            }
        } onCancel: {
            interrupt.wake()
        }
    }
}
