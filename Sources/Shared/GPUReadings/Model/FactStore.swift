/// Facts and their values, as a table of cells: what a parser writes into without making a text or an object of each value.
/// A ``FactReading`` tells what is in it.
public struct FactStore: Sendable {
    /// One value, or the reason for having none.
    struct Cell {
        enum State: UInt8 {
            case missing, notApplicable, notSupported, unknownError, deprecated, gpuLost, insufficientPermissions
            case functionNotFound, error, unreadable
            case text, integer, decimal, flag
        }

        var state = State.missing
        /// Which of the fact's places it came from; a lower one is better.
        var rank: UInt8 = 0
        /// The number's bits; of a text where it begins, and in the lower half where it ends.
        var bits: UInt64 = 0

        var isValue: Bool { state.rawValue >= State.text.rawValue }
        var texts: Range<Int>? {
            state == .text || state == .unreadable ? Int(bits >> 32)..<Int(bits & 0xffff_ffff) : nil
        }
    }

    /// By fact, or by column where there is a layout; shorter where the last ones are missing.
    var cells: [Cell] = []
    /// By fact, which of the cells is its; empty where they are by fact. The rows of a CSV file share one.
    private var layout: [Int16] = []
    /// What the texts are made of.
    private var bytes: [UInt8] = []

    private static let few = 64

    init() {}

    /// An empty store with the layout of another one, and room for as much text, or for `text` bytes.
    init(like other: FactStore, text: Int = 0) {
        layout = other.layout
        cells = Array(repeating: Cell(), count: other.cells.count)
        bytes.reserveCapacity(max(text, other.bytes.count))
    }

    /// A store with one whole number, in the layout of another one that has room for one fact.
    init(only number: Int, like other: FactStore) {
        layout = other.layout
        cells = [Cell(state: .integer, bits: UInt64(bitPattern: Int64(number)))]
    }

    /// An empty store with a layout for these facts, for readings that have no others.
    init(for facts: [GPUFact]) { self.init(for: facts.map(\.rawValue)) }

    /// An empty store with a layout for these facts.
    init(for facts: [Int]) {
        layout = Array(repeating: -1, count: FactTable.shared.rows.count)
        for fact in facts where layout[fact] < 0 {
            layout[fact] = Int16(cells.count)
            cells.append(Cell())
        }
    }

    /// Which cell is the fact's; nil where the layout has none.
    func slot(_ fact: Int) -> Int? {
        guard !layout.isEmpty else { return fact < cells.count ? fact : nil }
        return layout[fact] >= 0 ? Int(layout[fact]) : nil
    }

    /// The fact's cell.
    func cell(_ fact: Int) -> Cell {
        let slot = layout.isEmpty ? fact : Int(layout[fact])
        return slot >= 0 && slot < cells.count ? cells[slot] : Cell()
    }

    mutating func put(_ fact: Int, _ cell: Cell) {
        var slot = fact
        if !layout.isEmpty {
            slot = Int(layout[fact])
            if slot < 0 {
                spread()
                slot = fact
            }
        }
        if slot >= cells.count {
            // Of a process only the first facts are ever known.
            let count = fact < Self.few ? Self.few : FactTable.shared.rows.count
            cells.reserveCapacity(count)
            cells += Array(repeating: Cell(), count: count - cells.count)
        }
        cells[slot] = cell
    }

    /// Puts a whole number.
    mutating func put(_ fact: GPUFact, _ number: Int) {
        put(fact.rawValue, Cell(state: .integer, bits: UInt64(bitPattern: Int64(number))))
    }

    /// Gives up the layout.
    private mutating func spread() {
        cells = layout.indices.map { cell($0) }
        layout = []
    }

    /// How many facts it may have: those from this number on are missing.
    private var count: Int { layout.isEmpty ? cells.count : layout.count }

    /// A cell of a text. All texts together have less than 4 GiB: what is read is bounded, each fact is kept once or twice.
    mutating func cell(_ state: Cell.State, _ source: [UInt8], _ piece: Range<Int>) -> Cell {
        let start = bytes.count
        bytes.append(contentsOf: source[piece])
        return Cell(state: state, bits: UInt64(start) << 32 | UInt64(bytes.count))
    }

    private func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private func absence(_ cell: Cell) -> Absence {
        cell.state == .unreadable ? .unreadable(cell.texts.map(string) ?? "") : Self.absence(cell.state)
    }

    private static let absences: [Absence] = [
        .missing, .notApplicable, .notSupported, .unknownError, .deprecated, .gpuLost, .insufficientPermissions,
        .functionNotFound, .error,
    ]

    /// The reason that a state other than ``Cell/State/unreadable`` stands for.
    static func absence(_ state: Cell.State) -> Absence {
        Int(state.rawValue) < absences.count ? absences[Int(state.rawValue)] : .missing
    }

    private static func state(_ absence: Absence) -> Cell.State {
        absences.firstIndex(of: absence).flatMap { Cell.State(rawValue: UInt8($0)) } ?? .missing
    }
}

extension FactStore {
    func value(_ fact: GPUFact) -> Reading<FactValue> {
        let cell = cell(fact.rawValue)
        switch cell.state {
        case .text: return .value(.text(cell.texts.map(string) ?? ""))
        case .integer: return .value(.integer(Int64(bitPattern: cell.bits)))
        case .decimal: return .value(.decimal(Double(bitPattern: cell.bits)))
        case .flag: return .value(.flag(cell.bits != 0))
        default: return .absent(absence(cell))
        }
    }

    /// A text; missing where the fact is none.
    func text(_ fact: GPUFact) -> Reading<String> {
        let cell = cell(fact.rawValue)
        if cell.state == .text { return .value(cell.texts.map(string) ?? "") }
        return .absent(absence(cell))
    }

    /// A whole number; missing where the fact is none.
    func integer(_ fact: GPUFact) -> Reading<Int64> {
        let cell = cell(fact.rawValue)
        return cell.state == .integer ? .value(Int64(bitPattern: cell.bits)) : .absent(absence(cell))
    }

    func whole(_ fact: GPUFact) -> Reading<Int> { integer(fact).map { Int(clamping: $0) } }

    /// A number with decimals; missing where the fact is none.
    func decimal(_ fact: GPUFact) -> Reading<Double> {
        let cell = cell(fact.rawValue)
        return cell.state == .decimal ? .value(Double(bitPattern: cell.bits)) : .absent(absence(cell))
    }

    mutating func set(_ fact: GPUFact, _ reading: Reading<FactValue>) {
        switch reading {
        case .value(.text(let text)):
            let source = Array(text.utf8)
            put(fact.rawValue, cell(.text, source, 0..<source.count))
        case .value(.integer(let value)):
            put(fact.rawValue, Cell(state: .integer, bits: UInt64(bitPattern: value)))
        case .value(.decimal(let value)): put(fact.rawValue, Cell(state: .decimal, bits: value.bitPattern))
        case .value(.flag(let value)): put(fact.rawValue, Cell(state: .flag, bits: value ? 1 : 0))
        case .absent(let absence):
            if case .unreadable(let text) = absence {
                let source = Array(text.utf8)
                put(fact.rawValue, cell(.unreadable, source, 0..<source.count))
            } else if fact.rawValue < count || absence != .missing {
                put(fact.rawValue, Cell(state: Self.state(absence)))
            }
        }
    }

    /// The facts of which there is more to say than that they are missing, in order.
    var known: [GPUFact] {
        (0..<count).compactMap { cell($0).state == .missing ? nil : GPUFact(rawValue: $0) }
    }
}

extension FactStore: Equatable {
    /// The same values, from whichever places they came.
    public static func == (left: FactStore, right: FactStore) -> Bool {
        for fact in 0..<max(left.count, right.count) {
            let (one, other) = (left.cell(fact), right.cell(fact))
            guard one.state == other.state else { return false }
            if let texts = one.texts, let others = other.texts {
                guard left.bytes[texts].elementsEqual(right.bytes[others]) else { return false }
            } else if one.bits != other.bits {
                return false
            }
        }
        return true
    }
}

extension FactStore {
    /// A name in JSON.
    struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    /// Each fact under its name.
    func encode(to container: inout KeyedEncodingContainer<Key>) throws {
        for fact in known { try container.encode(value(fact), forKey: Key(fact.key)) }
    }
}

extension FactStore {
    mutating func set(_ fact: GPUFact, _ reading: Reading<String>) { set(fact, reading.map { .text($0) }) }
    mutating func set(_ fact: GPUFact, _ reading: Reading<Int>) { set(fact, reading.map { .integer(Int64($0)) }) }
    mutating func set(_ fact: GPUFact, _ reading: Reading<Int64>) { set(fact, reading.map { .integer($0) }) }
    mutating func set(_ fact: GPUFact, _ reading: Reading<Double>) { set(fact, reading.map { .decimal($0) }) }
}
