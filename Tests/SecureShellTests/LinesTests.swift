import Contract
import SecureShell
import SecureShellFakes
import Testing

extension OneAtATime {
    @Suite(.enabled(if: TestServer.isInstalled), .timeLimit(.minutes(2))) struct LinesTests {
        @Test func linesComeAsTheyAreWritten() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                let started = ContinuousClock.now
                var first: Duration?
                var lines: [String] = []
                let stream = connection.lines(
                    of: "cat; echo; sleep 2; printf end", input: Array("one\n".utf8), idleLimit: .seconds(10))
                for try await line in stream {
                    if first == nil { first = started.duration(to: .now) }
                    lines.append(line)
                }
                #expect(lines == ["one", "", "end"])
                #expect(try #require(first) < .seconds(1.5))
            }
        }

        @Test func manyLinesArriveWhole() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                var sum = 0
                for try await line in connection.lines(of: "seq 1 100000", idleLimit: .seconds(10)) {
                    sum += try #require(Int(line))
                }
                #expect(sum == 5_000_050_000)
            }
        }

        @Test func overlongLineIsAnError() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                let failure = try await expectFailure(.guestTalkedNonsense) {
                    let stream = connection.lines(
                        of: "head -c 1000000 /dev/zero | tr '\\0' x", idleLimit: .seconds(10), lineLimit: 1000)
                    for try await _ in stream {}
                }
                #expect(failure.side == .guest)
                #expect(try await connection.run("echo on", deadline: .seconds(10)).stdoutText == "on\n")
            }
        }

        @Test func silenceBeyondTheLimitIsBroken() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                var lines: [String] = []
                let time = try await elapsed {
                    let failure = try await expectFailure(.sshBroken) {
                        let stream = connection.lines(
                            of: "echo a; sleep 0.6; echo; sleep 0.6; echo b; sleep 100", idleLimit: .seconds(1))
                        for try await line in stream { lines.append(line) }
                    }
                    #expect(failure.evidence.joined().contains("nothing arrived for 1 s"))
                }
                #expect(lines == ["a", "", "b"])
                #expect(time < .seconds(15))
            }
        }

        @Test func failingCommandSaysWhy() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                var lines: [String] = []
                let failure = try await expectFailure(.commandFailed) {
                    let stream = connection.lines(
                        of: "echo a; printf rest; echo no journal >&2; exit 4", idleLimit: .seconds(10))
                    for try await line in stream { lines.append(line) }
                }
                #expect(lines == ["a", "rest"])
                #expect(failure.message.contains("status 4"))
                #expect(failure.evidence == ["no journal"])
            }
        }

        @Test func killedServerIsBrokenAtOnce() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                let time = try await elapsed {
                    try await expectFailure(.sshBroken) {
                        let stream = connection.lines(of: "echo a; sleep 100", idleLimit: .seconds(60))
                        for try await _ in stream { server.killSessions() }
                    }
                }
                #expect(time < .seconds(15))
            }
        }

        @Test func cancellationClosesTheChannel() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                let following = Task {
                    for try await _ in connection.lines(of: "echo a; sleep 100", idleLimit: .seconds(60)) {}
                    try Task.checkCancellation()
                }
                try await Task.sleep(for: .milliseconds(500))
                let time = await elapsed {
                    following.cancel()
                    await #expect(throws: CancellationError.self) { try await following.value }
                }
                #expect(time < .seconds(15))
                #expect(try await connection.run("echo on", deadline: .seconds(10)).stdoutText == "on\n")
            }
        }

        @Test func lettingGoClosesTheChannel() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                for try await line in connection.lines(
                    of: "echo $$; while sleep 0.1; do echo; done", idleLimit: .seconds(60))
                {
                    let pid = try #require(Int32(line))
                    // Another command may run between two lines.
                    #expect(try await connection.run("kill -0 \(pid)", deadline: .seconds(10)).status == 0)
                    break
                }
                #expect(try await connection.run("echo on", deadline: .seconds(10)).stdoutText == "on\n")
            }
        }
    }
}
