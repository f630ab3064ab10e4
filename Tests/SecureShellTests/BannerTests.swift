import Contract
import SecureShell
import SecureShellFakes
import Testing

extension OneAtATime {
    @Suite(.timeLimit(.minutes(2))) struct BannerTests {
        @Test func closedPortIsUnreachable() async throws {
            let endpoint = SSHEndpoint(host: "127.0.0.1", port: try freePort())
            let failure = try await expectFailure(.sshUnreachable) {
                _ = try await waitForSSHBanner(endpoint, deadline: .now + .seconds(1))
            }
            #expect(failure.evidence.joined().contains("refused"))
            #expect(failure.retryable)
        }

        @Test func acceptedAndResetIsNoAnswer() async throws {
            let listener = try StubListener(.reset)
            defer { listener.stop() }
            let failure = try await expectFailure(.sshUnreachable) {
                let endpoint = SSHEndpoint(host: "127.0.0.1", port: listener.port)
                _ = try await waitForSSHBanner(endpoint, deadline: .now + .seconds(2))
            }
            #expect(failure.evidence.joined().contains("reset"))
            #expect(listener.connections > 1)
        }

        @Test func silenceEndsAtTheDeadline() async throws {
            let listener = try StubListener(.silent)
            defer { listener.stop() }
            let endpoint = SSHEndpoint(host: "127.0.0.1", port: listener.port)
            let time = try await elapsed {
                let failure = try await expectFailure(.sshUnreachable) {
                    _ = try await waitForSSHBanner(endpoint, deadline: .now + .seconds(1))
                }
                #expect(failure.evidence.joined().contains("silent"))
            }
            #expect(time < .seconds(15))
        }

        /// The last try has no time to tell silence from a slow answer: what the one before saw counts.
        @Test func aTryCutShortTellsNothing() async throws {
            let listener = try StubListener(.resetOnce)
            defer { listener.stop() }
            let failure = try await expectFailure(.sshUnreachable) {
                let endpoint = SSHEndpoint(host: "127.0.0.1", port: listener.port)
                _ = try await waitForSSHBanner(endpoint, deadline: .now + .seconds(9))
            }
            #expect(failure.evidence.joined().contains("reset"))
            // Long before the deadline, also where other programs take the processors.
            #expect(listener.connections == 6, "the one that was reset, and five that wait")
        }

        /// A connection that QEMU accepted before the guest's network was up is not waited for alone.
        @Test func aSilentTryDoesNotHoldUpTheNext() async throws {
            let listener = try StubListener(.silentOnce("SSH-2.0-stub\r\n"))
            defer { listener.stop() }
            let endpoint = SSHEndpoint(host: "127.0.0.1", port: listener.port)
            // A silent try alone takes ten seconds.
            let banner = try await waitForSSHBanner(endpoint, deadline: .now + .seconds(8))
            #expect(banner == "SSH-2.0-stub")
            #expect(listener.connections == 2)
        }

        @Test func anotherProtocolIsNoBanner() async throws {
            let listener = try StubListener(.chatter("HTTP/1.0 200 OK\r\n"))
            defer { listener.stop() }
            let failure = try await expectFailure(.sshUnreachable) {
                let endpoint = SSHEndpoint(host: "127.0.0.1", port: listener.port)
                _ = try await waitForSSHBanner(endpoint, deadline: .now + .milliseconds(500))
            }
            #expect(failure.evidence.joined().contains("without an SSH banner"))
        }

        @Test func unknownNameIsUnreachable() async throws {
            let failure = try await expectFailure(.sshUnreachable) {
                _ = try await waitForSSHBanner(
                    SSHEndpoint(host: "no-such-host.invalid", port: 22), deadline: .now + .milliseconds(100))
            }
            #expect(failure.evidence.joined().contains("does not resolve"))
        }

        @Test func cancellationIsImmediate() async throws {
            let listener = try StubListener(.silent)
            defer { listener.stop() }
            let endpoint = SSHEndpoint(host: "127.0.0.1", port: listener.port)
            let waiting = Task { try await waitForSSHBanner(endpoint, deadline: .now + .seconds(60)) }
            while listener.connections == 0 { try await Task.sleep(for: .milliseconds(10)) }
            let time = await elapsed {
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
            }
            #expect(time < .seconds(15))
        }

        @Test(.enabled(if: TestServer.isInstalled)) func serverThatComesLaterIsFound() async throws {
            let listener = try StubListener(.reset)
            let endpoint = SSHEndpoint(host: "127.0.0.1", port: listener.port)
            let waiting = Task { try await waitForSSHBanner(endpoint, deadline: .now + .seconds(30)) }
            while listener.connections == 0 { try await Task.sleep(for: .milliseconds(10)) }
            listener.stop()
            try await TestServer.with(port: listener.port) { _ in
                let banner = try await waiting.value
                #expect(banner.hasPrefix("SSH-2.0-OpenSSH"))
            }
        }
    }
}
