import Contract
import Foundation
import Glibc
import Monitoring
import MonitoringFakes
import SecureShell
import SecureShellFakes
import Synchronization
import Telemetry
import Testing

@testable import Provisioner

/// The stream of an attached machine's telemetry over a real sshd, on which a script stands in for the agent.
@Suite(
    .serialized, .enabled(if: TestServer.isInstalled && RootRights.areHad, "needs sshd, and root or sudo"),
    .timeLimit(.minutes(3)))
struct AttachedTelemetryTests {
    // MARK: The stream

    @Test func linesComeAsTheyAreSaidUntilTheTaskIsCancelled() async throws {
        try await TestServer.with { server in
            let agent = try await StandIn(on: server, "hello; sample 1 41; while sleep 0.1; do echo; done")
            let heard = Heard()
            let following = Task { try await agent.telemetry().follow { heard.note($0) } }
            try await heard.first(2)
            following.cancel()
            _ = await following.result
            await agent.ended()
            #expect(heard.lines.first?.contains(#""hello""#) == true && heard.lines[1].contains("41"))
        }
    }

    @Test func anAgentThatDiesSaysWhy() async throws {
        try await TestServer.with { server in
            let agent = try await StandIn(on: server, "sample 1 41; echo 'no such device' >&2; exit 7")
            let heard = Heard()
            let failure = try await #require(throws: Failure.self) {
                try await agent.telemetry().follow { heard.note($0) }
            }
            #expect(failure.code == .commandFailed && failure.message.contains("status 7"))
            #expect(failure.evidence == ["no such device"] && heard.lines.count == 1)
        }
    }

    @Test func anAgentThatHangsIsGivenUp() async throws {
        try await TestServer.with { server in
            let agent = try await StandIn(on: server, "sample 1 41; exec sleep 20")
            let heard = Heard()
            let failure = try await #require(throws: Failure.self) {
                try await agent.telemetry(idleLimit: .seconds(1)).follow { heard.note($0) }
            }
            #expect(failure.code == .sshBroken && failure.evidence == ["nothing arrived for 1 s"])
            #expect(heard.lines.count == 1)
        }
    }

    @Test func aLineWithoutEndIsGivenUp() async throws {
        try await TestServer.with { server in
            let agent = try await StandIn(on: server, "tr '\\0' x </dev/zero")
            let failure = try await #require(throws: Failure.self) { try await agent.telemetry().follow { _ in } }
            #expect(failure.code == .guestTalkedNonsense)
            await agent.ended()
        }
    }

    @Test func aMachineThatIsNotTrustedHearsNothing() async throws {
        try await TestServer.with { server in
            let agent = try await StandIn(on: server, "sample 1 41")
            for (request, code) in [
                (AttachJob.HostKeyRequest.ask, FailureCode.sshHostKeyUnknown),
                (.fingerprint("SHA256:" + String(repeating: "A", count: 43)), .sshHostKeyChanged),
            ] {
                let failure = try await #require(throws: Failure.self) {
                    try await agent.telemetry(hostKey: request).follow { _ in }
                }
                #expect(failure.code == code)
            }
            #expect(agent.starts == 0)
        }
    }

    @Test func aLoginThatWaitsEndsWhenCancelled() async throws {
        let silent = try StubListener(.silent)
        defer { silent.stop() }
        let target = try #require(AttachTarget("root@127.0.0.1:\(silent.port)"))
        let (began, told) = AsyncStream<Void>.makeStream()
        let following = Task {
            told.yield()
            try await AttachedTelemetry(target: target, state: "/nonexistent").follow { _ in }
        }
        for await _ in began { break }
        following.cancel()
        let result = await following.result
        #expect(throws: (any Error).self) { try result.get() }
    }

    // MARK: Through the collector

    @Test func aMachineWhoseAgentDiesIsHeardAgain() async throws {
        try await TestServer.with { server in
            let agent = try await StandIn(
                on: server,
                "if [ $start = 1 ]; then hello; sample 1 41; echo 'driver gone' >&2; exit 3; fi; "
                    + "hello; sample 1 42; while sleep 0.1; do echo; done")
            let news = try await collecting(agent) { hub, _ in
                let again = try await hub.machine(agent.name) { $0.sample?.celsius == 42 }
                #expect(again.link == .connected && agent.starts == 2)
                // The machine is cut off, and comes back.
                server.killSessions()
                _ = try await hub.machine(agent.name) { $0.hello?.sampler == "3" }
            }
            await agent.ended()
            let celsius = news.compactMap { if case .sample(let sample, _) = $0 { sample.celsius } else { nil } }
            #expect(celsius.starts(with: [41, 42]))
            let links = news.compactMap { if case .link(let link, _) = $0 { link } else { nil } }
            #expect(
                links.prefix(3) == [.connected, .waiting("The command ended with status 3. driver gone"), .connected])
            #expect(links.count == 5 && links.last == .connected)
        }
    }

    /// More than is read waits in the guest; others are heard all the while, and the end is not kept waiting.
    @Test func aMachineThatFloodsHarmsItselfAlone() async throws {
        try await TestServer.with { server in
            let agent = try await StandIn(on: server, #"hello; yes '{"schema":1,"sample":[[[['"#)
            try await collecting(agent) { hub, guest in
                _ = try await hub.machine(agent.name) { $0.losses.nonsense > 1000 && $0.losses.floodedBytes > 100_000 }
                for celsius in 1...10 {
                    try guest.say(.celsius(Double(celsius)))
                    _ = try await hub.machine("vm") { $0.sample?.celsius == Double(celsius) }
                }
                let machine = try await hub.machine("vm") { _ in true }
                #expect(machine.losses == TelemetryLosses())
            }
            await agent.ended()
        }
    }

    /// Collects from the stand-in's machine and a VM beside it; returns what was new of the machine.
    @discardableResult private func collecting(
        _ agent: StandIn, _ body: (TelemetryHub, SimulatedGuest) async throws -> Void
    ) async throws -> [TelemetryNews] {
        let scratch = try Scratch()
        let guest = try SimulatedGuest(path: "\(scratch.path)/vm.sock")
        let stream = AttachedStream(telemetry: try agent.telemetry())
        let told = Told()
        let name = agent.name
        let hub = TelemetryHub { machine, news in if machine == name { told.news.withLock { $0.append(news) } } }
        let collector = TelemetryCollector(
            folder: scratch.path,
            sources: ToldSources([
                TelemetrySource(name: "vm", access: .socket(guest.path)),
                TelemetrySource(name: agent.name, access: .stream(stream)),
            ]), hub: hub)
        try collector.start()
        defer { collector.stop() }
        try await body(hub, guest)
        return told.news.withLock { $0 }
    }
}

private final class Told: Sendable {
    let news = Mutex<[TelemetryNews]>([])
}

private struct AttachedStream: TelemetryStream {
    let telemetry: AttachedTelemetry

    func follow(_ take: @Sendable ([UInt8]) async throws -> Void) async throws { try await telemetry.follow(take) }
}

/// What a stream handed over, empty lines left out.
private final class Heard: Sendable {
    private let taken = Mutex<[String]>([])
    private let news: (AsyncStream<Void>, AsyncStream<Void>.Continuation) = AsyncStream<Void>.makeStream()

    var lines: [String] { taken.withLock { $0 } }

    func note(_ bytes: [UInt8]) {
        guard bytes.count > 1 else { return }
        taken.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
        news.1.yield()
    }

    /// Waits until so many were.
    func first(_ count: Int) async throws {
        for await _ in news.0 where lines.count >= count { return }
        try Task.checkCancellation()
    }
}

/// The stand-in for `gpu-guest-agent sample --follow`, a script in the server's folder. `hello` and `sample SEQUENCE CELSIUS` print
/// such messages, `start` counts its starts.
private struct StandIn {
    let server: TestServer
    private let script: String
    private let fingerprint: String
    /// Open for writing in the script and in whatever it starts: at its end they have ended.
    private let lives: Int32

    init(on server: TestServer, _ body: String) async throws {
        self.server = server
        fingerprint = try await SSHConnection.hostKey(
            of: server.endpoint, policy: .acceptFirst, timeout: .seconds(20)
        ).fingerprint
        script = "\(server.folder)/agent"
        let hello = TelemetryHello(agent: "1", sampler: "SAMPLER", bootID: "b", hostname: "h", intervalSeconds: 1)
        let sample = TelemetryMessage(sequence: 1001, body: .sample(.celsius(2002)))
        let text = """
            #!/bin/sh
            exec 9>'\(server.folder)/lives'
            echo >>'\(server.folder)/starts'
            start=$(wc -l <'\(server.folder)/starts')
            hello() { echo '\(try Self.line(TelemetryMessage(body: .hello(hello))))' | sed "s/SAMPLER/$start/"; }
            sample() { echo '\(try Self.line(sample))' | sed "s/1001/$1/; s/2002/$2/"; }
            \(body)

            """
        try text.write(toFile: script, atomically: true, encoding: .utf8)
        mkfifo("\(server.folder)/lives", 0o600)
        lives = open("\(server.folder)/lives", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        try #require(lives >= 0)
    }

    private static func line(_ message: TelemetryMessage) throws -> String {
        String(decoding: try TelemetryLine.encode(message), as: UTF8.self)
    }

    /// The machine's name as a source.
    var name: String { "\(server.user)@127.0.0.1:\(server.endpoint.port)" }

    /// How often it was started.
    var starts: Int { (try? String(contentsOfFile: "\(server.folder)/starts", encoding: .utf8).count) ?? 0 }

    func telemetry(
        hostKey: AttachJob.HostKeyRequest? = nil, idleLimit: Duration = .seconds(30)
    ) throws -> AttachedTelemetry {
        let login = AttachedTelemetry.Login(
            hostKey: hostKey ?? .fingerprint(fingerprint),
            access: AttachJob.Access(identity: server.clientKey.privateKeyPath))
        let target = try #require(AttachTarget(name))
        var telemetry = AttachedTelemetry(target: target, state: "\(server.folder)/state", login: login)
        telemetry.command = "sh '\(script)'"
        telemetry.idleLimit = idleLimit
        return telemetry
    }

    /// Waits until it has ended, with all that it started.
    func ended() async {
        let lives = lives
        await withCheckedContinuation { continuation in
            let thread = Thread {
                var polled = pollfd(fd: lives, events: 0, revents: 0)
                // Told when the last one that writes is gone.
                while polled.revents & Int16(POLLHUP) == 0, poll(&polled, 1, 60_000) > 0 {}
                close(lives)
                continuation.resume()
            }
            thread.start()
        }
    }
}

/// Whether the user of the tests can be root over SSH.
private enum RootRights {
    static let areHad = getuid() == 0 || system("sudo -n true 2>/dev/null") == 0
}
