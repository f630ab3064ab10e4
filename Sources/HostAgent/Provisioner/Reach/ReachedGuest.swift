import Contract
import SecureShell
public import VirtualMachines

/// A guest that was reached over SSH, and the connection over which it was: a login takes a second where the guest is emulated.
public struct ReachedGuest: Sendable {
    /// What it showed.
    public let contact: FirstContact
    /// Of the user who could log in; nil where it was not tried, or nobody could.
    let connection: SSHConnection?

    /// A guest without a connection.
    public init(_ contact: FirstContact) { self.init(contact, connection: nil) }

    init(_ contact: FirstContact, connection: SSHConnection?) {
        self.contact = contact
        self.connection = connection
    }

    /// Ends the connection.
    public func close() async { await connection?.close() }

    /// Waits until the guest's SSH server says who it is, and finds out who may log in. Whoever waits closes the connection.
    ///
    /// - Parameters:
    ///   - access: How the user logs in; keys made for the VM are tried for root and for the names of cloud images' users.
    ///   - keys: Those of an ephemeral access.
    ///   - earlier: The contact of before: its key is the only one to take, its user the first to try.
    /// - Throws: ``FailureCode/sshUnreachable`` where no server answers in time (15 minutes under emulation, 5 with KVM),
    ///   ``FailureCode/sshHostKeyChanged``, and what ended the wait: QEMU's end, trouble on the console, a disk that cannot be
    ///   written.
    public static func wait(
        for machine: VirtualMachine, access: Job.Access, keys: GuestKeys, context: JobContext,
        earlier: FirstContact? = nil
    ) async throws -> ReachedGuest {
        let login = GuestLogin(access: access, keys: keys, context: context)
        let reach = GuestReach(machine, login)
        guard login.logins.contains(where: { !$0.credentials.isEmpty }) else {
            let hostKey = try await reach.hostKey(earlier?.hostKey)
            return ReachedGuest(FirstContact(hostKey: hostKey, user: login.logins.first?.user))
        }
        do {
            return try await reach.connect(hostKey: earlier?.hostKey, user: earlier?.user) { connection in
                ReachedGuest(
                    FirstContact(hostKey: connection.hostKey, user: connection.user), connection: connection)
            }
        } catch let failure as Failure where failure.code == .sshRefused || failure.code == .identityUnusable {
            let hostKey = try await reach.hostKey(earlier?.hostKey)
            return ReachedGuest(FirstContact(hostKey: hostKey, user: nil, refusal: failure))
        }
    }
}

extension GuestReach {
    /// The key that the guest shows, once it shows one; it must be `pinned` where there is one.
    fileprivate func hostKey(_ pinned: HostKeyPin?) async throws -> HostKeyPin {
        try await watch.during("wait for the guest's SSH server") {
            let end = ContinuousClock.now + bootDeadline
            while true {
                _ = try await waitForSSHBanner(endpoint, deadline: end)
                do {
                    return try await SSHConnection.hostKey(
                        of: endpoint, policy: pinned.map { .pinned($0) } ?? .acceptFirst, timeout: .seconds(60))
                } catch let failure as Failure where failure.code == .sshUnreachable && ContinuousClock.now < end {
                    // A guest that goes down for a reboot closes what it has just accepted; there is no event to wait for.
                    try await Task.sleep(for: .seconds(1))
                }
            }
        }
    }
}
