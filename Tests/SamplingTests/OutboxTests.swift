import Testing

@testable import Sampling

struct OutboxTests {
    private func entry(_ sequence: UInt64, _ time: Double = 0, bytes: Int = 10) -> Outbox.Entry {
        Outbox.Entry(sequence: sequence, time: time, line: [UInt8](repeating: 0x7b, count: bytes))
    }

    private func drain(_ outbox: inout Outbox) -> [UInt64] {
        var order: [UInt64] = []
        while let first = outbox.first {
            order.append(first.sequence)
            outbox.remove(first.sequence)
        }
        return order
    }

    @Test func whatWaitsLongestGoesFirst() {
        var outbox = Outbox(byteLimit: 1000)
        for sequence in 1...90 as ClosedRange<UInt64> {
            outbox.append(entry(sequence), isEvent: sequence % 3 == 0)
        }
        #expect(outbox.bytes == 900)
        #expect(drain(&outbox) == Array(1...90))
        #expect(outbox.bytes == 0 && outbox.dropped == 0)
    }

    @Test func samplesMakeRoomBeforeEvents() {
        var outbox = Outbox(byteLimit: 50)
        outbox.append(entry(1), isEvent: true)
        for sequence in 2...9 as ClosedRange<UInt64> { outbox.append(entry(sequence), isEvent: false) }
        outbox.append(entry(10), isEvent: true)
        #expect(outbox.dropped == 5 && outbox.bytes == 50)
        #expect(drain(&outbox) == [1, 7, 8, 9, 10])
    }

    @Test func eventsAloneAreBoundedToo() {
        var outbox = Outbox(byteLimit: 30)
        for sequence in 1...5 as ClosedRange<UInt64> { outbox.append(entry(sequence), isEvent: true) }
        // No sample takes an event's place.
        outbox.append(entry(6), isEvent: false)
        #expect(outbox.dropped == 3)
        #expect(drain(&outbox) == [3, 4, 5])
    }

    @Test func oneThatNeverFitsIsDropped() {
        var outbox = Outbox(byteLimit: 30)
        outbox.append(entry(1, bytes: 31), isEvent: true)
        outbox.append(entry(2, bytes: 31), isEvent: false)
        #expect(outbox.first == nil && outbox.bytes == 0 && outbox.dropped == 2)
    }

    @Test func samplesOfAnHourAgoGoAndEventsStay() {
        var outbox = Outbox(byteLimit: 10_000, ageLimit: 3600)
        outbox.append(entry(1, 0), isEvent: true)
        outbox.append(entry(2, 0), isEvent: false)
        outbox.append(entry(3, 100), isEvent: false)
        outbox.append(entry(4, 3650), isEvent: false)
        #expect(outbox.dropped == 1)
        #expect(drain(&outbox) == [1, 3, 4])
    }

    @Test func whatIsGoneAlreadyIsNotRemovedAgain() {
        var outbox = Outbox(byteLimit: 20)
        outbox.append(entry(1), isEvent: false)
        outbox.append(entry(2), isEvent: false)
        outbox.append(entry(3), isEvent: false)
        outbox.remove(1)
        #expect(drain(&outbox) == [2, 3])
        outbox.countDropped()
        #expect(outbox.dropped == 2)
    }
}
