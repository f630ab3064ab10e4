import Contract
import Foundation
import Host
import SecureShell
import SecureShellFakes
import Testing

extension OneAtATime {
    @Suite(.enabled(if: TestServer.isInstalled), .timeLimit(.minutes(2))) struct RunTests {
        @Test func inputOutputAndStatusArrive() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                let output = try await connection.run(
                    "cat; echo oops >&2; exit 7", input: Array("täxt\n".utf8), deadline: .seconds(10))
                #expect(output.status == 7)
                #expect(output.stdoutText == "täxt\n")
                #expect(output.stderrText == "oops\n")
                #expect(!output.truncated)
            }
        }

        @Test func signalIsAStatusAbove128() async throws {
            try await TestServer.with { server in
                let output = try await server.connect().run("kill -KILL $$", deadline: .seconds(10))
                #expect(output.status == 137)
            }
        }

        @Test func quotedArgumentsSurviveTheShell() async throws {
            try await TestServer.with { server in
                let argument = "a 'b' \"c\" $HOME `id` \\ * \n ü '\u{301} -n"
                let output = try await server.connect().run(
                    "printf %s \(shellQuote(argument))", deadline: .seconds(10))
                #expect(Array(output.stdout) == Array(argument.utf8))
            }
        }

        @Test func outputIsBounded() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                let output = try await connection.run(
                    "seq 1 200000; seq 1 200000 >&2; exit 3", deadline: .seconds(30), outputLimit: 1000)
                #expect(output.truncated)
                #expect(output.status == 3)
                #expect(output.stdout.count == 1000)
                #expect(output.stdoutText.hasPrefix("1\n2\n3\n"))
                #expect(output.stderr.count == 1000)
                #expect(output.stderrText.hasSuffix("199999\n200000\n"))
            }
        }

        @Test func largeInputComesBackWhole() async throws {
            // Both windows fill up at once: who serves only one direction hangs here.
            try await TestServer.with { server in
                let input = (0..<6_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
                let output = try await server.connect().run(
                    "cat", input: input, deadline: .seconds(60), outputLimit: 8 << 20)
                #expect(output.stdout == input)
            }
        }

        @Test func inputThatNobodyReadsIsNoError() async throws {
            try await TestServer.with { server in
                let output = try await server.connect().run(
                    "exit 5", input: [UInt8](repeating: 65, count: 8 << 20), deadline: .seconds(20))
                #expect(output.status == 5)
            }
        }

        @Test func hungCommandEndsAtTheDeadline() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                let time = try await elapsed {
                    let failure = try await expectFailure(.deadline) {
                        _ = try await connection.run("echo begun; sleep 100", deadline: .seconds(1))
                    }
                    #expect(failure.evidence == ["begun"])
                    #expect(failure.operation.contains("sleep 100"))
                }
                #expect(time < .seconds(15))
                // The connection is none the worse for it.
                #expect(try await connection.run("echo on", deadline: .seconds(10)).stdoutText == "on\n")
            }
        }

        @Test func commandThatNeverStopsWritingEndsAtTheDeadline() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                let time = try await elapsed {
                    try await expectFailure(.deadline) { _ = try await connection.run("yes", deadline: .seconds(1)) }
                }
                #expect(time < .seconds(15))
            }
        }

        @Test func cancellationIsImmediate() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                let running = Task { try await connection.run("sleep 100", deadline: .seconds(100)) }
                try await Task.sleep(for: .milliseconds(300))
                let time = await elapsed {
                    running.cancel()
                    await #expect(throws: CancellationError.self) { try await running.value }
                }
                #expect(time < .seconds(15))
                #expect(try await connection.run("echo on", deadline: .seconds(10)).stdoutText == "on\n")
            }
        }

        @Test func closeEndsWhatRuns() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                let running = Task { try await connection.run("sleep 100", deadline: .seconds(100)) }
                try await Task.sleep(for: .milliseconds(300))
                let time = try await elapsed {
                    await connection.close()
                    try await expectFailure(.sshBroken) { _ = try await running.value }
                }
                #expect(time < .seconds(15))
                try await expectFailure(.sshBroken) { _ = try await connection.run("true", deadline: .seconds(1)) }
            }
        }

        @Test func killedServerIsBrokenAtOnce() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                let running = Task { try await connection.run("sleep 100", deadline: .seconds(100)) }
                try await Task.sleep(for: .milliseconds(500))
                let time = try await elapsed {
                    server.killSessions()
                    let failure = try await expectFailure(.sshBroken) { _ = try await running.value }
                    #expect(failure.retryable)
                }
                #expect(time < .seconds(15))
                try await expectFailure(.sshBroken) { _ = try await connection.run("true", deadline: .seconds(1)) }
            }
        }
    }
}
