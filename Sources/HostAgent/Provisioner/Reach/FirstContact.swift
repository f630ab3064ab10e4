public import Contract
public import SecureShell
public import VirtualMachines

/// What a VM's guest showed when it was first reached over SSH.
public struct FirstContact: Equatable, Sendable {
    /// The guest's host key, to be pinned.
    public var hostKey: HostKeyPin
    /// Who could log in; nil where it was not tried, or nobody could.
    public var user: String?
    /// Why nobody could log in. The guest is up all the same.
    public var refusal: Failure?

    /// A contact.
    public init(hostKey: HostKeyPin, user: String?, refusal: Failure? = nil) {
        self.hostKey = hostKey
        self.user = user
        self.refusal = refusal
    }

    /// Waits until the guest's SSH server says who it is, and finds out who may log in.
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
    ) async throws -> FirstContact {
        let login = GuestLogin(access: access, keys: keys, context: context)
        let reach = GuestReach(machine, login)
        guard login.logins.contains(where: { !$0.credentials.isEmpty }) else {
            return FirstContact(hostKey: try await reach.hostKey(earlier?.hostKey), user: login.logins.first?.user)
        }
        do {
            return try await reach.connect(hostKey: earlier?.hostKey, user: earlier?.user) { connection in
                await connection.close()
                return FirstContact(hostKey: connection.hostKey, user: connection.user)
            }
        } catch let failure as Failure where failure.code == .sshRefused || failure.code == .identityUnusable {
            return FirstContact(hostKey: try await reach.hostKey(earlier?.hostKey), user: nil, refusal: failure)
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
