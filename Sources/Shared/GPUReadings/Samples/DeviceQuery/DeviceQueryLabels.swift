/// The labels of deviceQuery's lines, found where a page has taken away what tells them from their values: blanks made one,
/// several lines made one.
struct DeviceQueryLabels: Sendable {
    private struct Entry: Sendable {
        var label: [UInt8]
        var definition: CUDAField.Definition
    }

    /// By the first byte; longer ones first.
    private var entries: [[Entry]] = Array(repeating: [], count: 256)

    static let shared = DeviceQueryLabels()

    /// Few of the sample's own lines are as long: its summary, its notes on modes and textures.
    static let longLine = 100

    private init() {
        for definition in CUDAField.definitions {
            for label in definition.labels {
                let label = Array(label.utf8)
                entries[Int(label[0])].append(Entry(label: label, definition: definition))
            }
        }
        for first in entries.indices { entries[first].sort { $0.label.count > $1.label.count } }
    }

    /// The field whose label a piece begins with, and where the label ends. A colon follows it, or for some a blank.
    func field(_ piece: ByteText.Piece, in text: ByteText) -> (definition: CUDAField.Definition, end: Int)? {
        guard let first = piece.first else { return nil }
        for entry in entries[Int(text[first])] {
            let end = first + entry.label.count
            guard end < piece.upperBound, matches(entry.label, first, text) else { continue }
            if text[end] == UInt8(ascii: ":") { return (entry.definition, end) }
            switch entry.definition.kind {
            case .versions, .textures: if ByteText.isBlank(text[end]) { return (entry.definition, end) }
            default: break
            }
        }
        return nil
    }

    private func matches(_ label: [UInt8], _ start: Int, _ text: ByteText) -> Bool {
        var index = start
        for byte in label {
            if text[index] != byte { return false }
            index += 1
        }
        return true
    }

    /// The lines of the sample's that a line is made of; nil where it is only one.
    func lines(_ piece: ByteText.Piece, in text: ByteText) -> [ByteText.Piece]? {
        var starts: [Int] = []
        var index = piece.lowerBound
        while index < piece.upperBound {
            if let end = begins(index..<piece.upperBound, text) {
                starts.append(index)
                index = end
            }
            // On to the next word: nothing begins within one, nor within the label that was found.
            while index < piece.upperBound, !ByteText.isBlank(text[index]) { index += 1 }
            while index < piece.upperBound, ByteText.isBlank(text[index]) { index += 1 }
        }
        // One alone is another line's end where that has a colon too; else it is part of a label that is not known.
        guard let first = starts.first,
            starts.count > 1 || text.find(UInt8(ascii: ":"), in: piece.lowerBound..<first) != nil
        else { return nil }
        if first > piece.lowerBound { starts.insert(piece.lowerBound, at: 0) }
        return starts.indices.map { number in
            text.trimmed(starts[number]..<(number + 1 < starts.count ? starts[number + 1] : piece.upperBound))
        }
    }

    private static let beginnings: [StaticString] = [
        "CUDA Device Query (", "Detected ", "Found ", "There is ", "There are ", "> Peer", "deviceQuery, CUDA Driver",
        "deviceQueryDrv, CUDA Driver", "Result = ",
    ]

    /// Where the telling part of a line's beginning ends; nil where none begins.
    private func begins(_ piece: ByteText.Piece, _ text: ByteText) -> Int? {
        if let found = field(piece, in: text) { return found.end }
        for beginning in Self.beginnings where text.starts(piece, with: beginning) {
            return piece.lowerBound + beginning.utf8CodeUnitCount - 1
        }
        if text.starts(piece, with: "Device ") {
            // Device 0: "Tesla T4"
            var end = piece.lowerBound + 7
            while end < piece.upperBound, ByteText.isDigit(text[end]) { end += 1 }
            return text.starts(end..<piece.upperBound, with: ": \"") ? end : nil
        }
        guard text[piece.lowerBound] == UInt8(ascii: "(") else { return nil }
        // ( 6) Multiprocessors, (128) CUDA Cores/MP: 768 CUDA Cores
        var end = piece.lowerBound + 1
        while end < piece.upperBound, ByteText.isDigit(text[end]) || text[end] == 0x20 { end += 1 }
        guard text.starts(end..<piece.upperBound, with: ") Multiprocessors") else { return nil }
        return text.find("Cores/MP", in: end..<min(end + 64, piece.upperBound))?.upperBound ?? end
    }
}
