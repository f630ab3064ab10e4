/// Values by the labels under which the tools print them, found in a document without making a text of the label. Upper and
/// lower case are the same, since it changed between versions.
struct LabelTable<Value: Sendable>: Sendable {
    private struct Entry: Sendable {
        var label: [UInt8]
        var value: Value
    }

    private var entries: [Entry] = []
    /// Places in `entries` by hash, -1 where there is none; twice as many as entries at least, a power of two.
    private var slots: [Int32] = []

    /// A table of what `pairs` has; of equal labels the first counts.
    init(_ pairs: [(label: String, value: Value)]) {
        var size = 8
        while size < pairs.count * 2 { size *= 2 }
        slots = Array(repeating: -1, count: size)
        for (label, value) in pairs {
            let bytes = label.utf8.map(Self.folded)
            var slot = Self.hash(bytes, bytes.indices) & (size - 1)
            while slots[slot] >= 0, entries[Int(slots[slot])].label != bytes { slot = (slot + 1) & (size - 1) }
            guard slots[slot] < 0 else { continue }
            slots[slot] = Int32(entries.count)
            entries.append(Entry(label: bytes, value: value))
        }
    }

    /// The value of the label that is `piece`, which is trimmed.
    func value(_ piece: ByteText.Piece, in text: ByteText) -> Value? {
        var slot = Self.hash(text.bytes, piece) & (slots.count - 1)
        while slots[slot] >= 0 {
            let entry = Int(slots[slot])
            if matches(entries[entry].label, piece, text) { return entries[entry].value }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func matches(_ label: [UInt8], _ piece: ByteText.Piece, _ text: ByteText) -> Bool {
        guard label.count == piece.count else { return false }
        var index = piece.lowerBound
        for byte in label {
            if byte != Self.folded(text[index]) { return false }
            index += 1
        }
        return true
    }

    private static func folded(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// FNV-1a. The labels are ours, so nobody can choose them to collide.
    private static func hash(_ bytes: [UInt8], _ piece: Range<Int>) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in piece { hash = (hash ^ UInt64(folded(bytes[index]))) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: hash ^ hash >> 32) & .max
    }
}
