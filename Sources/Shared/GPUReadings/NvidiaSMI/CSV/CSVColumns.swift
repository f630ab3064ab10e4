/// What the columns of a CSV output are.
struct CSVColumns: Sendable {
    /// What a row is about.
    enum Subject {
        case gpu, process, accountedProcess, retiredPage
    }

    /// A fact that a column has.
    struct Binding: Sendable {
        var fact: Int
        var kind: FactKind
        var rank: UInt8
        /// Whether it is about the GPU, and not about the process or the page.
        var isOfGPU: Bool
        /// The column.
        var column = 0
        /// The unit in the header, for cells without one.
        var unit: UInt64 = 0
        /// The cell of the store that it goes into.
        var slot = 0
    }

    /// Their names, without units.
    private(set) var names: [String] = []
    /// What they have, by column.
    private(set) var bindings: [Binding] = []
    /// The columns that are not known.
    private(set) var others: [Int] = []
    private(set) var subject = Subject.gpu
    /// Which column may have commas in it: the name of a program.
    private(set) var wide: Int?
    /// Empty stores with room for the columns' facts.
    private(set) var (gpu, part): (FactStore, FactStore)

    /// Columns by their names, with units or without.
    init(_ names: [String]) {
        for (column, name) in names.enumerated() {
            let bytes = Array(name.utf8)
            var end = bytes.count
            var unit: UInt64 = 0
            if let open = bytes.lastIndex(of: UInt8(ascii: "[")), bytes.last == UInt8(ascii: "]") {
                unit = FactUnit.packed(bytes, open + 1..<bytes.count - 1) ?? 0
                end = open
            }
            let trimmed = FactStore.bare(bytes, 0..<end)
            self.names.append(String(decoding: bytes[trimmed], as: UTF8.self))
            let its = Self.bindings[FactStore.hash(bytes, trimmed)] ?? []
            if its.isEmpty { others.append(column) }
            for var binding in its {
                binding.column = column
                // "seconds" may be spelled out; what is not a unit of the kind's is none.
                binding.unit = binding.kind.factor(unit) == nil ? 0 : unit
                bindings.append(binding)
            }
        }
        let facts = Set(bindings.filter { !$0.isOfGPU }.map(\.fact))
        if facts.contains(GPUFact.retiredPageAddress.rawValue) {
            subject = .retiredPage
        } else if !Self.accounted.isDisjoint(with: facts) {
            subject = .accountedProcess
        } else if facts.contains(GPUFact.pid.rawValue) {
            subject = .process
        }
        if subject == .process || subject == .accountedProcess {
            // Such a list may call the program's name "name", too.
            for index in bindings.indices where bindings[index].fact == GPUFact.name.rawValue {
                let column = bindings[index].column
                guard self.names[column] != "gpu_name" else { continue }
                bindings[index].isOfGPU = false
                wide = column
            }
        }
        // A column of a list's beside columns of a GPU is about the GPU.
        if subject == .gpu { for index in bindings.indices { bindings[index].isOfGPU = true } }
        gpu = FactStore(for: bindings.filter(\.isOfGPU).map(\.fact))
        part = FactStore(for: bindings.filter { !$0.isOfGPU }.map(\.fact))
        for index in bindings.indices {
            let store = bindings[index].isOfGPU ? gpu : part
            bindings[index].slot = store.slot(bindings[index].fact) ?? 0
        }
    }

    private static let accounted: Set<Int> = [
        GPUFact.utilizationGPUPercent.rawValue, GPUFact.utilizationMemoryPercent.rawValue,
        GPUFact.usedMemoryMaximumBytes.rawValue, GPUFact.runtimeMilliseconds.rawValue,
    ]

    /// By the hash of the column's name.
    private static let bindings: [UInt64: [Binding]] = {
        var bindings: [UInt64: [Binding]] = [:]
        for (fact, row) in FactTable.shared.rows.enumerated() {
            for (rank, place) in row.places[FactTable.Column.csv.rawValue - 2].enumerated() {
                let isOfPart = place.utf8.first == UInt8(ascii: "#") || place.utf8.first == UInt8(ascii: "%")
                let name = isOfPart ? String(place.dropFirst()) : place
                bindings[FactStore.hash(name), default: []].append(
                    Binding(fact: fact, kind: row.kind, rank: UInt8(truncatingIfNeeded: rank), isOfGPU: !isOfPart))
            }
        }
        return bindings
    }()
}

extension CSVColumns {
    /// Whether the text is a column's name, with a unit or not.
    static func isName(_ bytes: [UInt8], _ piece: Range<Int>) -> Bool {
        guard looksLikeName(bytes, piece) else { return false }
        var end = piece.lowerBound
        while end < piece.upperBound, bytes[end] != 0x20 { end += 1 }
        let name = piece.lowerBound..<end
        return bindings[FactStore.hash(bytes, name)] != nil || bytes[name].contains(UInt8(ascii: "."))
    }

    /// Whether it has only what names have: letters, digits, "." and "_", and a unit behind a blank.
    static func looksLikeName(_ bytes: [UInt8], _ piece: Range<Int>) -> Bool {
        guard let first = piece.first, isLetter(bytes[first]) else { return false }
        for index in piece {
            let byte = bytes[index]
            if byte == 0x20 { return index + 1 < piece.upperBound && bytes[index + 1] == UInt8(ascii: "[") }
            guard isLetter(byte) || ByteText.isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
            else { return false }
        }
        return true
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }
}
