import Contract
import SecureShell
import VirtualMachines

/// Gets a root shell in a guest that boots, reboots or is just up.
struct GuestReach: Sendable {
    let endpoint: SSHEndpoint
    let login: GuestLogin
    let watch: any WaitWatch
    /// How long a boot may take until SSH answers; wide under emulation.
    let bootDeadline: Duration
    /// How long keys handed in at boot may be refused once sshd answers: cloud-init may still be putting them in place.
    private let lateKeys: Duration = .seconds(120)

    init(endpoint: SSHEndpoint, login: GuestLogin, watch: any WaitWatch, bootDeadline: Duration) {
        self.endpoint = endpoint
        self.login = login
        self.watch = watch
        self.bootDeadline = bootDeadline
    }

    /// The guest of a VM of this host.
    init(_ machine: VirtualMachine, _ login: GuestLogin) {
        let specification = machine.record.specification
        self.init(
            endpoint: SSHEndpoint(host: "127.0.0.1", port: specification.sshPort), login: login,
            watch: GuestWatch(machine: machine, console: machine.console),
            bootDeadline: specification.accelerator == .tcg ? .seconds(900) : .seconds(300))
    }

    /// Waits for the banner, logs in, becomes root. Throws a ``Failure``; what ``watch`` sees ends the wait.
    func shell(hostKey: HostKeyPin?, user: String?) async throws -> GuestShell {
        try await connect(hostKey: hostKey, user: user) { connection in
            try await GuestShell(connection, sudoPassword: login.sudoPassword)
        }
    }

    /// Becomes root over the connection that there is to a guest; where there is none, as ``shell(hostKey:user:)`` does.
    func shell(_ guest: ReachedGuest) async throws -> GuestShell {
        guard let connection = guest.connection else {
            return try await shell(hostKey: guest.contact.hostKey, user: guest.contact.user)
        }
        return try await watch.during("become root in the guest") {
            try await GuestShell(connection, sudoPassword: login.sudoPassword)
        }
    }

    /// Waits for the banner and logs in; what `accept` says of a connection counts as the login's own success or failure.
    func connect<Value: Sendable>(
        hostKey: HostKeyPin?, user: String?,
        _ accept: @escaping @Sendable (SSHConnection) async throws -> Value
    ) async throws -> Value {
        try await watch.during("reach the guest over SSH") {
            let end = ContinuousClock.now + bootDeadline
            var firstRefusal: ContinuousClock.Instant?
            while true {
                _ = try await waitForSSHBanner(endpoint, deadline: end)
                do {
                    let connection = try await SSHConnection.connect(
                        to: endpoint, logins: login.preferring(user).logins,
                        hostKey: hostKey.map { .pinned($0) } ?? .acceptFirst, timeout: .seconds(120))
                    return try await accept(connection)
                } catch let failure as Failure {
                    let now = ContinuousClock.now
                    switch failure.code {
                    case .sshRefused where login.mayArriveLate:
                        let since = firstRefusal ?? now
                        firstRefusal = since
                        if now - since > lateKeys || now > end { throw failure }
                    case .sshBroken, .sshUnreachable, .deadline:
                        // A guest that goes down for a reboot closes what it has just accepted.
                        if now > end { throw failure }
                    default: throw failure
                    }
                    // Refused or cut off: there is no event to wait for, sshd's next answer must be asked for.
                    try await Task.sleep(for: .seconds(1))
                }
            }
        }
    }
}
