import Contract
import Glibc
import SecureShell
import SecureShellFakes
import Testing

@testable import Provisioner

/// Against a real sshd, as root: becoming root is not what is looked at.
@Suite(.enabled(if: TestServer.isInstalled && getuid() == 0))
struct GuestReachTests {
    private func reach(_ server: TestServer) -> GuestReach {
        GuestReach(
            endpoint: server.endpoint,
            login: GuestLogin(user: server.user, credentials: server.login.credentials, sudoPassword: nil),
            watch: ConnectionWatch(), bootDeadline: .seconds(60))
    }

    private func reached(_ reach: GuestReach) async throws -> ReachedGuest {
        try await reach.connect(hostKey: nil, user: nil) { connection in
            ReachedGuest(FirstContact(hostKey: connection.hostKey, user: connection.user), connection: connection)
        }
    }

    /// A login takes a second where the guest is emulated.
    @Test func aGuestIsAskedOverTheConnectionThatThereIs() async throws {
        try await TestServer.with { server in
            let reach = reach(server)
            let guest = try await reached(reach)
            let shell = try await reach.shell(guest)
            #expect(shell.connection === guest.connection)
            #expect(try await shell.attempt("id -u", deadline: .seconds(60)).stdoutText == "0\n")
            await guest.close()
        }
    }

    @Test func whereItEndedTheGuestIsLoggedInToAgain() async throws {
        try await TestServer.with { server in
            let reach = reach(server)
            let guest = try await reached(reach)
            server.killSessions()
            let cutOff = try await reach.shell(guest)
            await #expect(throws: Failure.self) { try await cutOff.attempt("true", deadline: .seconds(60)) }
            let shell = try await reach.shell(ReachedGuest(guest.contact))
            #expect(shell.connection !== guest.connection)
            #expect(try await shell.attempt("echo again", deadline: .seconds(60)).stdoutText == "again\n")
            await shell.connection.close()
        }
    }

    @Test func aGuestWithAnotherKeyIsNotAsked() async throws {
        try await TestServer.with { server in
            let other = HostKeyPin(
                type: "ssh-ed25519", base64: "AAAAC3NzaC1lZDI1NTE5AAAAIAAA", fingerprint: "SHA256:other")
            let guest = ReachedGuest(FirstContact(hostKey: other, user: server.user))
            do {
                _ = try await reach(server).shell(guest)
                Issue.record("it was asked")
            } catch let failure as Failure {
                #expect(failure.code == .sshHostKeyChanged)
            }
        }
    }
}
