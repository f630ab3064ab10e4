import Contract
import Foundation
import Glibc
import Host
import MonitoringFakes
import Telemetry
import Testing

@testable import Monitoring

/// `--collect` where another process shows already.
struct HandOverTests {
    private let scratch: Scratch
    private let guest: SimulatedGuest
    private let sources: ToldSources

    init() throws {
        scratch = try Scratch()
        guest = try SimulatedGuest(path: "\(scratch.path)/a.sock")
        sources = ToldSources([TelemetrySource(name: "a", access: .socket(guest.path))])
    }

    private func collector(_ hub: TelemetryHub, mustCollect: Bool = false) -> TelemetryCollector {
        TelemetryCollector(folder: scratch.path, sources: sources, hub: hub, mustCollect: mustCollect)
    }

    private func line(_ sequence: UInt64, _ celsius: Double) throws -> [UInt8] {
        try TelemetryLine.encode(TelemetryMessage(sequence: sequence, body: .sample(.celsius(celsius))))
            + [UInt8(ascii: "\n")]
    }

    @Test func whoKeepsTakesOverAndNobodyNotices() async throws {
        let (first, other, kept) = (TelemetryHub(), TelemetryHub(), TelemetryHub())
        let watching = collector(first)
        #expect(try watching.start() == .collector)
        defer { watching.stop() }
        let following = collector(other)
        #expect(try following.start() == .follower)
        defer { following.stop() }
        try guest.hello()
        try guest.say(TelemetryMessage(sequence: 1, body: .xid(XidEvent(code: 79, text: "fell off the bus"))))
        try guest.write([UInt8(ascii: "?"), UInt8(ascii: "\n")])
        // The next line has begun when the other process comes.
        let next = try line(3, 31)
        try guest.write(try line(2, 30) + next.prefix(40))
        _ = try await first.machine("a") { $0.sample?.celsius == 30 }
        _ = try await other.machine("a") { $0.sample?.celsius == 30 }

        let keeping = collector(kept, mustCollect: true)
        #expect(try keeping.start() == .collector)
        // On the connection that there was: another would lose what was read of the line.
        try guest.write(Array(next.dropFirst(40)))
        for hub in [kept, first, other] {
            let machine = try await hub.machine("a") { $0.sample?.celsius == 31 && $0.losses.nonsense == 1 }
            #expect(machine.link == .connected && machine.lastSequence == 3)
            #expect(machine.events.count == 1 && machine.xidCounts.values.elementsEqual([1]))
        }
        // One keeps; who comes next is told so.
        let failure = try #require(throws: Failure.self) { try collector(TelemetryHub(), mustCollect: true).start() }
        #expect(failure.code == .runLocked && failure.message.contains("\(getpid())"))
        try guest.write(line(4, 32))
        _ = try await first.machine("a") { $0.sample?.celsius == 32 }

        // It ends, and those that show go on by themselves.
        keeping.stop()
        guest.hangUp()
        try guest.write(line(5, 33))
        for hub in [first, other] { _ = try await hub.machine("a") { $0.sample?.celsius == 33 } }
    }

    @Test func whatATakerThatDiesWasGivenIsTakenBack() async throws {
        let hub = TelemetryHub()
        let watching = collector(hub)
        try watching.start()
        defer { watching.stop() }
        try guest.write(line(1, 30))
        _ = try await hub.machine("a") { $0.sample?.celsius == 30 }
        let socket = try UnixSockets.connect(to: "\(scratch.path)/live.sock")
        _ = try PassedDescriptors.send(RelayLine.handOver[...], [], over: socket)
        var files: [Int32] = []
        // The guest's socket, the lock, the relay's socket.
        try read(socket) { _, more in
            files += more
            return files.count == 3
        }
        #expect(LockFile.isTaken("\(scratch.path)/collector.lock"))
        for file in files + [socket] { close(file) }
        guest.hangUp()
        try guest.write(line(2, 31))
        _ = try await hub.machine("a") { $0.sample?.celsius == 31 && $0.link == .connected }
    }

    @Test func whatASlowListenerMissesIsCounted() async throws {
        let hub = TelemetryHub()
        let watching = collector(hub)
        try watching.start()
        defer { watching.stop() }
        _ = try await hub.machine("a") { $0.link == .connected }
        let socket = try UnixSockets.connect(to: "\(scratch.path)/live.sock")
        defer { close(socket) }
        try read(socket) { line, _ in line?.content == .introduced }
        // 10 MB in lines of 100 kB, of which nothing is read; what a reader does not know it passes over.
        let padding = ",\"padding\":\"\(String(repeating: "x", count: 100_000))\"}\n"
        for sequence in 1...100 { try guest.write(line(UInt64(sequence), Double(sequence)).dropLast(2) + padding.utf8) }
        _ = try await hub.machine("a") { $0.lastSequence == 100 }
        var (heard, missed, newest) = (0, 0, 0.0)
        var isAnew = false
        try read(socket) { line, _ in
            switch line?.content {
            // How it is reached has not changed: it is introduced anew.
            case .link: isAnew = true
            case .message(let bytes):
                if !isAnew { heard += 1 }
                if case .sample(let sample)? = try? TelemetryLine.decode(bytes).body { newest = sample.celsius ?? 0 }
            case .missed(let count): missed = count
            default: break
            }
            return missed > 0
        }
        #expect(heard + missed == 100 && newest == 100 && missed > 20)
    }

    /// Reads lines, and the files that come, until `isEnough`; nil stands for files without a line.
    private func read(_ socket: Int32, _ isEnough: (RelayLine?, [Int32]) -> Bool) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        var lines = TelemetryLines(limit: RelayLine.limit)
        var isDone = false
        while !isDone {
            var polled = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            try #require(poll(&polled, 1, 60_000) == 1, "nothing came")
            let (count, files) = try PassedDescriptors.receive(into: buffer, over: socket)
            try #require(count > 0, "it was let go")
            if !files.isEmpty { isDone = isEnough(nil, files) }
            lines.take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { bytes in
                if !isDone, let line = RelayLine(bytes) { isDone = isEnough(line, []) }
            }
        }
    }
}
