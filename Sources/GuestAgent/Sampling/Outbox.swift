/// Messages that wait for their host, as lines without age, bounded in bytes and samples also in age. Where there is no
/// room the oldest samples go first: an Xid error is told once and never again.
package struct Outbox {
    /// One message.
    package struct Entry: Equatable, Sendable {
        package var sequence: UInt64
        /// When it was measured.
        package var time: Double
        /// Without its newline, and with an age of 0.
        package var line: [UInt8]

        package init(sequence: UInt64, time: Double, line: [UInt8]) {
            self.sequence = sequence
            self.time = time
            self.line = line
        }
    }

    /// A queue that gives up its room now and then only: lines are taken from one end and put to the other.
    private struct Queue {
        private var entries: [Entry] = []
        private var start = 0
        var bytes = 0

        var first: Entry? { start < entries.count ? entries[start] : nil }

        mutating func append(_ entry: Entry) {
            entries.append(entry)
            bytes += entry.line.count
        }

        mutating func removeFirst() {
            bytes -= entries[start].line.count
            entries[start].line = []
            start += 1
            if start == entries.count || start > 64 {
                entries.removeSubrange(..<start)
                start = 0
            }
        }
    }

    private let byteLimit: Int
    private let ageLimit: Double
    private var samples = Queue()
    private var events = Queue()
    /// Messages that were thrown away.
    package private(set) var dropped = 0

    package init(byteLimit: Int = 1 << 20, ageLimit: Double = 3600) {
        self.byteLimit = byteLimit
        self.ageLimit = ageLimit
    }

    /// Bytes of what waits.
    package var bytes: Int { samples.bytes + events.bytes }

    /// The one that waits longest, whatever it is.
    package var first: Entry? {
        guard let sample = samples.first else { return events.first }
        guard let event = events.first else { return sample }
        return sample.sequence < event.sequence ? sample : event
    }

    /// Adds the newest message.
    package mutating func append(_ entry: Entry, isEvent: Bool) {
        if isEvent { events.append(entry) } else { samples.append(entry) }
        while bytes > byteLimit, let oldest = samples.first ?? events.first { drop(oldest) }
        while let oldest = samples.first, entry.time - oldest.time > ageLimit { drop(oldest) }
    }

    /// Takes out what was sent; nothing where it is gone already.
    package mutating func remove(_ sequence: UInt64) {
        if samples.first?.sequence == sequence {
            samples.removeFirst()
        } else if events.first?.sequence == sequence {
            events.removeFirst()
        }
    }

    /// Counts a message that never came in here.
    package mutating func countDropped() { dropped += 1 }

    private mutating func drop(_ entry: Entry) {
        remove(entry.sequence)
        dropped += 1
    }
}
