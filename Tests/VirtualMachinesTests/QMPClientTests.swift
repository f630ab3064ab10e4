import Contract
import Dispatch
import Glibc
import Host
import HostFakes
import Testing
@testable import VirtualMachines

/// A QMP server made of a script, for one connection at a time on a unix socket.
struct FakeQMPServer {
    let path: String
    private let listener: Int32

    /// Listens on `path`; hands each client to `script`, one after the other, as QEMU does.
    init(path: String, script: @escaping @Sendable (FakeQMPClient) -> Void) throws {
        self.path = path
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var address = try #require(UnixSockets.address(path))
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(listener, 1) == 0)
        self.listener = listener
        DispatchQueue(label: "fake QMP").async {
            while case let client = accept(listener, nil, nil), client >= 0 {
                script(FakeQMPClient(descriptor: client))
                close(client)
            }
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}

struct FakeQMPClient {
    let descriptor: Int32

    func say(_ line: String) {
        let bytes = Array((line + "\r\n").utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// The next command's line; nil at the end.
    func hear() -> String? {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1 {
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }

    func greet() {
        say(#"{"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": []}}"#)
        _ = hear()
        say(#"{"return": {}, "id": 1}"#)
    }
}

@Suite(.timeLimit(.minutes(1))) struct QMPClientTests {
    /// Runs `body` against a server that follows `script`.
    static func serve(
        _ script: @escaping @Sendable (FakeQMPClient) -> Void, _ body: (String) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let server = try FakeQMPServer(path: folder.path + "/qmp.sock", script: script)
        defer { server.stop() }
        try await body(server.path)
    }

    @Test func lateGreetingAndInterleavedEvents() async throws {
        try await Self.serve { client in
            usleep(200_000)
            client.greet()
            let asked = client.hear()
            client.say(#"{"event": "RESET", "data": {"guest": true}, "timestamp": {"seconds": 1}}"#)
            client.say("not JSON at all")
            client.say(#"{"return": {"asked": \#(asked ?? "null"), "running": true}, "id": 2}"#)
            _ = client.hear()
        } _: { path in
            let client = try await QMPClient.connect(socket: path)
            let events = client.events()
            let answer = try await client.execute("query-status", arguments: ["x": .number(3), "s": .string("a\"b")])
            guard case .object(let object) = answer else { throw Failures([]) }
            #expect(object["running"] == .bool(true))
            // Integers must look like integers: QEMU refuses 3.0.
            #expect(
                object["asked"]
                    == .object([
                        "execute": .string("query-status"), "id": .number(2),
                        "arguments": .object(["x": .number(3), "s": .string("a\"b")]),
                    ]))
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == QMPEvent(name: "RESET", data: ["guest": .bool(true)]))
            #expect(client.recentEvents.map(\.name) == ["RESET"])
            client.close()
        }
    }

    @Test func integersAreWrittenAsSuch() throws {
        let bytes = try QMPMessage.command("x", arguments: ["n": .number(4_294_967_296)], id: 7)
        #expect(
            String(decoding: bytes, as: UTF8.self) == #"{"arguments":{"n":4294967296},"execute":"x","id":7}"# + "\n")
    }

    @Test func refusalCarriesQEMUsWords() async throws {
        try await Self.serve { client in
            client.greet()
            _ = client.hear()
            client.say(#"{"error": {"class": "GenericError", "desc": "Bus 'x' not found"}, "id": 2}"#)
            _ = client.hear()
        } _: { path in
            let client = try await QMPClient.connect(socket: path)
            let failure = await failure { try await client.execute("device_add") }
            #expect(failure?.code == .qemuFailed)
            #expect(failure?.message.contains("Bus 'x' not found") == true)
            client.close()
        }
    }

    @Test func endOfConnectionEndsEverything() async throws {
        try await Self.serve { client in
            client.greet()
            client.say(#"{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}"#)
            _ = client.hear()
        } _: { path in
            let client = try await QMPClient.connect(socket: path)
            let events = client.events()
            let failure = await failure { try await client.execute("query-status") }
            #expect(failure?.code == .qemuExited)
            for await _ in events {}
            for await _ in client.events() {}
            #expect(client.isClosed)
            #expect(client.recentEvents.last?.name == "SHUTDOWN")
            let again = await HostFakes.failure { try await client.execute("query-status") }
            #expect(again?.code == .qemuExited)
        }
    }

    @Test func secondClientIsToldSo() async throws {
        try await Self.serve { client in
            client.greet()
            _ = client.hear()
        } _: { path in
            let first = try await QMPClient.connect(socket: path)
            let failure = await failure {
                _ = try await QMPClient.connect(socket: path, deadline: .milliseconds(300))
            }
            #expect(failure?.code == .runLocked)
            #expect(failure?.retryable == true)
            first.close()
            // The next one is served.
            try await QMPClient.connect(socket: path).close()
        }
    }

    @Test func silenceEndsAtTheDeadline() async throws {
        try await Self.serve { client in
            client.greet()
            while client.hear() != nil {}
        } _: { path in
            let client = try await QMPClient.connect(socket: path)
            let failure = await failure { try await client.execute("stuck", deadline: .milliseconds(200)) }
            #expect(failure?.code == .deadline)
            let task = Task { try await client.execute("stuck") }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            client.close()
        }
    }

    @Test func nobodyThere() async throws {
        let failure = await failure { _ = try await QMPClient.connect(socket: "/tmp/no-such-socket") }
        #expect(failure?.code == .qemuFailed)
    }
}
