import Glibc
import Synchronization
import Testing

@testable import Monitoring

struct StreamEndTests {
    /// Both ends; the second is read by the test.
    private func pair() throws -> (end: StreamEnd, reading: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0, &ends) == 0)
        return (StreamEnd(descriptor: ends[1]), ends[0])
    }

    /// Many more than there are threads: were one held by each, nothing else would run any more, and this test not end. The limit is
    /// wide, since what runs behind the writers runs behind all other tests, too.
    @Test(.timeLimit(.minutes(15))) func whatIsNotReadHoldsNoThread() async throws {
        let megabytes = [UInt8](repeating: 7, count: 4 << 20)
        let pairs = try (0..<64).map { _ in try pair() }
        let writers = pairs.map { pair in Task { try await pair.end.write(megabytes) } }
        // Runs behind all of them.
        await Task.detached(priority: .background) {}.value
        // One is read, and ends whole.
        let (end, reading) = pairs[0]
        let received = Mutex(0)
        let reader = Task.detached {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while received.withLock({ $0 }) < 4 << 20 {
                let count = recv(reading, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                if count > 0 { received.withLock { $0 += count } }
                end.wake()
                await Task.yield()
            }
        }
        try await writers[0].value
        await reader.value
        #expect(received.withLock { $0 } == 4 << 20)
        // The others are told to end, or lose their readers.
        for (place, writer) in writers.enumerated().dropFirst() {
            if place % 2 == 0 {
                writer.cancel()
            } else {
                // Not by closing alone: a child that another test has just forked may have the descriptor until it executes its program.
                shutdown(pairs[place].reading, Int32(SHUT_RDWR))
                pairs[place].end.wake()
            }
            let result = await writer.result
            #expect(throws: (any Error).self) { try result.get() }
        }
        for pair in pairs { close(pair.reading) }
    }
}

struct MachineConnectionTests {
    private struct Silence: TelemetryStream {
        func follow(_ take: @Sendable ([UInt8]) async throws -> Void) async throws {}
    }

    /// The pauses of a connection that ends after so many seconds, again and again.
    private func pauses(_ way: MachineConnection.Way, lasting: Double, _ count: Int) -> [Double] {
        var connection = MachineConnection()
        connection.way = way
        return (0..<count).map { _ in
            connection.descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            connection.connectedAt = 100
            connection.spoke()
            connection.putOff(at: 100 + lasting)
            connection.hangUp()
            return connection.nextAttempt - 100 - lasting
        }
    }

    @Test func aLoginIsTriedEverMoreSeldomUnlessTheLastOneLasted() {
        #expect(pauses(.stream(Silence()), lasting: 1, 9) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30])
        #expect(pauses(.stream(Silence()), lasting: MachineConnection.lasting, 3) == [0.5, 0.5, 0.5])
    }

    @Test func aSocketOfThisHostIsTriedSoon() {
        #expect(pauses(.socket("/nowhere"), lasting: 0, 3) == [0.5, 0.5, 0.5])
        var connection = MachineConnection()
        connection.way = .socket("/nowhere")
        let pauses = (0..<4).map { _ in
            connection.putOff(at: 10)
            return connection.nextAttempt - 10
        }
        #expect(pauses == [0.5, 1, 1, 1])
    }
}
