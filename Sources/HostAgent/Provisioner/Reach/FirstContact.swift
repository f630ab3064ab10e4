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

    /// ``ReachedGuest/wait(for:access:keys:context:earlier:)``, by one who has no use for the connection.
    public static func wait(
        for machine: VirtualMachine, access: Job.Access, keys: GuestKeys, context: JobContext,
        earlier: FirstContact? = nil
    ) async throws -> FirstContact {
        let guest = try await ReachedGuest.wait(
            for: machine, access: access, keys: keys, context: context, earlier: earlier)
        await guest.close()
        return guest.contact
    }
}
