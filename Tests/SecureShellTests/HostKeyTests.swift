import Contract
import Host
import SecureShell
import SecureShellFakes
import Testing

extension OneAtATime {
    @Suite(.enabled(if: TestServer.isInstalled), .timeLimit(.minutes(2))) struct HostKeyTests {
        @Test func pinnedKeyIsAccepted() async throws {
            try await TestServer.with { server in
                let pin = try await server.connect().hostKey
                #expect(try await server.connect(hostKey: .pinned(pin)).hostKey == pin)
            }
        }

        @Test func changedKeyIsRefusedWithBothFingerprints() async throws {
            let old = try await TestServer.with { try await $0.connect().hostKey }
            try await TestServer.with { server in
                let new = try await server.connect().hostKey
                let failure = try await expectFailure(.sshHostKeyChanged) {
                    _ = try await server.connect(hostKey: .pinned(old))
                }
                #expect(failure.evidence.joined().contains(old.fingerprint))
                #expect(failure.evidence.joined().contains(new.fingerprint))
            }
        }

        @Test func pinnedTypeIsAskedForFirst() async throws {
            // ed25519 is preferred otherwise, and showing it would look like a changed key.
            try await TestServer.with(hostKeys: ["ed25519", "ecdsa"]) { server in
                let text = try await server.connect().run(
                    "cat \(shellQuote(server.folder))/host_ecdsa.pub", deadline: .seconds(10)
                ).stdoutText.split(separator: " ").map(String.init)
                // As ssh-keygen prints it: "256 SHA256:… comment (ECDSA)".
                let fingerprint = try await server.connect().run(
                    "ssh-keygen -l -f \(shellQuote(server.folder))/host_ecdsa.pub", deadline: .seconds(10)
                ).stdoutText.split(separator: " ")[1]
                let pin = HostKeyPin(type: text[0], base64: text[1], fingerprint: String(fingerprint))
                #expect(try await server.connect(hostKey: .pinned(pin)).hostKey == pin)
            }
        }

        @Test func onlyAnRSAHostKeyIsExplained() async throws {
            try await TestServer.with(hostKeys: ["rsa"]) { server in
                do {
                    // libssh2 1.11 and later have no trouble.
                    let type = try await server.connect().hostKey.type
                    #expect(type == "ssh-rsa")
                } catch let failure as Failure {
                    #expect(failure.code == .sshUnreachable)
                    #expect(failure.remedy.contains("ssh-keygen -A"), "\(failure)")
                }
            }
        }

        @Test func silentServerEndsAtTheTimeout() async throws {
            let listener = try StubListener(.silent)
            defer { listener.stop() }
            let endpoint = SSHEndpoint(host: "127.0.0.1", port: listener.port)
            let time = try await elapsed {
                try await expectFailure(.sshUnreachable) {
                    _ = try await SSHConnection.connect(
                        to: endpoint, logins: [SSHLogin(user: "root", credentials: [])], hostKey: .acceptFirst,
                        timeout: .seconds(1))
                }
            }
            #expect(time < .seconds(15))
        }

        @Test func connectingCanBeCancelled() async throws {
            let listener = try StubListener(.silent)
            defer { listener.stop() }
            let endpoint = SSHEndpoint(host: "127.0.0.1", port: listener.port)
            let connecting = Task {
                _ = try await SSHConnection.connect(
                    to: endpoint, logins: [SSHLogin(user: "root", credentials: [])], hostKey: .acceptFirst,
                    timeout: .seconds(60))
            }
            while listener.connections == 0 { try await Task.sleep(for: .milliseconds(10)) }
            let time = await elapsed {
                connecting.cancel()
                await #expect(throws: CancellationError.self) { try await connecting.value }
            }
            #expect(time < .seconds(15))
        }
    }
}
