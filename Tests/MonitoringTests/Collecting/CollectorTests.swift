import Contract
import Foundation
import GPUReadings
import MonitoringFakes
import Telemetry
import Testing

@testable import Monitoring

struct CollectorTests {
    @Test func aGuestIsHeard() async throws {
        let scratch = try Scratch()
        let guest = try SimulatedGuest(path: "\(scratch.path)/a.sock")
        let hub = TelemetryHub()
        let sources = ToldSources([TelemetrySource(name: "a", access: .socket(guest.path))])
        let collector = TelemetryCollector(folder: scratch.path, sources: sources, hub: hub)
        #expect(try collector.start() == .collector)
        defer { collector.stop() }
        try guest.hello()
        try guest.say(.celsius(47))
        var machine = try await hub.machine("a") { $0.sample != nil }
        #expect(machine.sample?.celsius == 47 && machine.link == .connected && machine.hello?.hostname == "guest")
        // The VM goes, and comes again.
        sources.tell([TelemetrySource(name: "a", access: .stopped)])
        machine = try await hub.machine("a") { $0.link == .stopped }
        guest.hangUp()
        sources.tell([TelemetrySource(name: "a", access: .socket(guest.path))])
        try guest.hello(sampler: "two")
        try guest.say(.celsius(48))
        machine = try await hub.machine("a") { $0.sample?.celsius == 48 }
        #expect(machine.link == .connected)
        // It is removed.
        sources.tell([])
        _ = try await hub.snapshot { $0.machines.isEmpty }
    }

    @Test func aSocketThatIsNotThereIsWaitedFor() async throws {
        let scratch = try Scratch()
        let hub = TelemetryHub()
        let sources = ToldSources([TelemetrySource(name: "a", access: .socket("\(scratch.path)/a.sock"))])
        let collector = TelemetryCollector(folder: scratch.path, sources: sources, hub: hub)
        try collector.start()
        defer { collector.stop() }
        _ = try await hub.machine("a") { $0.link == .waiting("the VM offers no telemetry port") }
        let guest = try SimulatedGuest(path: "\(scratch.path)/a.sock")
        try guest.say(.celsius(5))
        _ = try await hub.machine("a") { $0.sample?.celsius == 5 }
        guest.hangUp()
        _ = try await hub.machine("a") {
            $0.link == .waiting("the VM closed its telemetry port") || $0.link == .connected
        }
    }

    @Test func aHostileGuestHarmsItselfAlone() async throws {
        let scratch = try Scratch()
        let good = try SimulatedGuest(path: "\(scratch.path)/good.sock")
        let bad = try SimulatedGuest(path: "\(scratch.path)/bad.sock")
        let hub = TelemetryHub()
        let sources = ToldSources([
            TelemetrySource(name: "good", access: .socket(good.path)),
            TelemetrySource(name: "bad", access: .socket(bad.path)),
        ])
        let collector = TelemetryCollector(folder: scratch.path, sources: sources, hub: hub)
        try collector.start()
        defer { collector.stop() }
        // 40 MB without an end of line, then lines of every kind of nonsense, as fast as they go.
        let flood = Thread {
            do {
                for _ in 0..<640 { try bad.write([UInt8](repeating: UInt8(ascii: "x"), count: 65536)) }
                try bad.write([UInt8(ascii: "\n")])
                for _ in 0..<20_000 { try bad.write(Array("{\"schema\":1,\"sample\":[[[[\u{1b}]0;\u{7}\n".utf8)) }
            } catch {
                // The collector ended first: the test is over.
            }
        }
        flood.start()
        try good.hello()
        for celsius in 1...20 {
            try good.say(.celsius(Double(celsius)))
            _ = try await hub.machine("good") { $0.sample?.celsius == Double(celsius) }
        }
        let machine = try await hub.machine("bad") { $0.losses.floodedBytes > 30 << 20 }
        #expect(machine.sample == nil)
        let good2 = try await hub.machine("good") { _ in true }
        #expect(good2.losses == TelemetryLosses())
    }

    @Test func aSecondProcessHearsThroughTheFirstAndTakesOver() async throws {
        let scratch = try Scratch()
        let guest = try SimulatedGuest(path: "\(scratch.path)/a.sock")
        let sources = ToldSources([TelemetrySource(name: "a", access: .socket(guest.path))])
        let (first, second) = (TelemetryHub(), TelemetryHub())
        let collector = TelemetryCollector(folder: scratch.path, sources: sources, hub: first)
        #expect(try collector.start() == .collector)
        try guest.hello()
        try guest.say(TelemetryMessage(sequence: 9, body: .xid(XidEvent(code: 79, text: "fell off the bus"))))
        try guest.say(TelemetryMessage(sequence: 10, ageSeconds: 1, body: .sample(.celsius(30))))
        let known = try await first.machine("a") { $0.sample != nil }
        let follower = TelemetryCollector(folder: scratch.path, sources: sources, hub: second)
        #expect(try follower.start() == .follower)
        defer { follower.stop() }
        // What was before it came.
        let told = try await second.machine("a") { $0.sample != nil && !$0.events.isEmpty && $0.lastSequence == 10 }
        #expect(told.sample == known.sample && told.sampledAt == known.sampledAt && told.hello == known.hello)
        #expect(told.events == known.events && told.link == .connected)
        // What comes.
        try guest.say(TelemetryMessage(sequence: 11, body: .sample(.celsius(31))))
        _ = try await second.machine("a") { $0.sample?.celsius == 31 }
        // The first ends.
        collector.stop()
        guest.hangUp()
        try guest.say(TelemetryMessage(sequence: 12, body: .sample(.celsius(32))))
        _ = try await second.machine("a") { $0.sample?.celsius == 32 }
    }

    @Test func aStreamIsHeardAndItsEndTold() async throws {
        struct Stream: TelemetryStream {
            let words: String

            func follow(_ take: @Sendable ([UInt8]) async throws -> Void) async throws {
                let message = TelemetryMessage(sequence: 1, body: .sample(.celsius(60)))
                try await take(TelemetryLine.encode(message) + [UInt8(ascii: "\n")])
                throw Failure(.sshBroken, operation: "follow", message: words, remedy: "none", side: .host)
            }
        }
        let scratch = try Scratch()
        let hub = TelemetryHub()
        let sources = ToldSources([
            TelemetrySource(name: "root@h", access: .stream(Stream(words: "\u{1b}[31mThe connection broke.")))
        ])
        let collector = TelemetryCollector(folder: scratch.path, sources: sources, hub: hub)
        try collector.start()
        defer { collector.stop() }
        let machine = try await hub.machine("root@h") { $0.link == .waiting("The connection broke.") }
        #expect(machine.sample?.celsius == 60)
    }
}
