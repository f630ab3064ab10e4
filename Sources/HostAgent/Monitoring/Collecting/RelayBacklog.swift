/// What a listener was not sent yet. Bounded: a machine's words for which there is no room are counted, and once there is room
/// again the machine is introduced anew, with how things are then.
struct RelayBacklog {
    /// Bytes. More than a second of 200 machines of 8 GPUs.
    static let limit = 4 << 20

    private var unsent: [UInt8] = []
    private var sent = 0
    /// Machines of which something is missing, and how many of their messages.
    private(set) var missed: [String: Int] = [:]

    /// Bytes that wait.
    var count: Int { unsent.count - sent }

    /// Adds a line of a machine's.
    ///
    /// - Parameter isMessage: Whether its loss counts: the machine's own words do.
    mutating func add(_ line: [UInt8], of machine: String, isMessage: Bool) {
        guard missed[machine] == nil, count + line.count <= Self.limit else {
            missed[machine, default: 0] += isMessage ? 1 : 0
            return
        }
        unsent += line
    }

    /// Adds what is no machine's, and must not be missing.
    mutating func insist(_ line: [UInt8]) { unsent += line }

    /// What is to be sent next.
    var next: ArraySlice<UInt8> { unsent[sent...] }

    /// So much of ``next`` was sent.
    mutating func took(_ bytes: Int) {
        sent += bytes
        guard sent == unsent.count else { return }
        unsent.removeAll(keepingCapacity: unsent.count < 1 << 20)
        sent = 0
    }

    /// Makes good what is missing, once half of the room is free.
    mutating func catchUp(_ introduction: (_ machine: String) -> [UInt8]) {
        guard !missed.isEmpty, count <= Self.limit / 2 else { return }
        for (machine, messages) in missed.sorted(by: { $0.key < $1.key }) {
            var lines = introduction(machine)
            if messages > 0 { lines += RelayLine(machine: machine, time: 0, .missed(messages)).bytes }
            guard count + lines.count <= Self.limit else { return }
            missed[machine] = nil
            unsent += lines
        }
    }
}
