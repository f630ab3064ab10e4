import Guest
import Testing

@Suite struct CommandRunnerTests {
    private let runner = SubprocessCommandRunner()

    @Test func tellsHowAProgramEnded() async throws {
        let good = try await runner.run(Command(["sh", "-c", "cat; echo err >&2; exit 3"], input: "in\n"))
        #expect(good == CommandResult(.exited(3), output: "in\n", errors: "err\n"))
        #expect(try await runner.run("sh", "-c", "kill -9 $$").ending == .signalled(9))
        #expect(try await runner.run("no-such-program").status == 127)
    }

    @Test func endsTheWholeGroupAtTheDeadline() async throws {
        let start = ContinuousClock.now
        // The child keeps the output open, and would keep a reader of a pipe waiting.
        let result = try await runner.run(
            Command(["sh", "-c", "sleep 1000 & sleep 1000"], deadline: .milliseconds(300)))
        #expect(result.ending == .timedOut && ContinuousClock.now - start < .seconds(600))
    }

    @Test func doesNotWaitForADaemonThatKeepsTheOutput() async throws {
        let start = ContinuousClock.now
        let result = try await runner.run(Command(["sh", "-c", "sleep 1000 & echo done"]))
        #expect(result.output == "done\n" && ContinuousClock.now - start < .seconds(600))
    }

    @Test func keepsTheEndOfLongOutput() async throws {
        let result = try await runner.run(Command(["sh", "-c", "seq 1 1000"], outputLimit: 9))
        #expect(result.output == "999\n1000\n" && result.truncated)
    }

    @Test func givesAnEnvironmentOfItsOwn() async throws {
        let result = try await runner.run(Command(["sh", "-c", "echo $LANG $X $USER; pwd"], environment: ["X": "y"]))
        #expect(result.output == "C y\n/\n")
    }
}
