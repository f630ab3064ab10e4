/// Puts a reading together from the fields of a long output, XML or text, while they go by.
struct QueryCollector {
    /// What a document can have many of.
    private enum Item: Int, CaseIterable {
        case gpu, migDevice, process, clock, other

        /// More than any machine has, or anybody would read: what is beyond is left out, with a warning.
        var most: Int {
            switch self {
            case .gpu: 1024
            case .migDevice, .other: 4096
            case .process: 65536
            case .clock: 131_072
            }
        }
        var name: String {
            switch self {
            case .gpu: "GPUs"
            case .migDevice: "MIG devices"
            case .process: "processes"
            case .clock: "supported clocks"
            case .other: "fields of unknown names"
            }
        }
    }

    let tree: PathTree
    private(set) var document = FactStore()
    private(set) var gpus: [GPUReading] = []
    private(set) var other: [OtherField] = []
    var warnings = WarningList()

    private var gpu = GPUReading()
    private var migDevice = MIGDeviceReading()
    private var process = GPUProcessReading()
    /// The shaders' clocks that go with the memory clock said last: two thirds of all numbers of a document.
    private var graphicsMHz: [Int] = []
    private var counts = [Int](repeating: 0, count: Item.allCases.count)

    init(_ tree: PathTree) { self.tree = tree }

    // Lines are asked for only where there is something to say: expat counts them by reading the document again.

    /// A field's value at a node that has facts.
    mutating func value(_ node: Int, _ source: [UInt8], _ piece: Range<Int>, line: () -> Int) {
        for index in tree.nodes[node].bindings {
            let binding = tree.bindings[index]
            if !offer(binding, tree.nodes[node].root, source, piece) {
                warnings.add(line(), GPUFact(rawValue: binding.fact)?.key, "unreadable")
            }
        }
    }

    private mutating func offer(
        _ binding: PathTree.Binding, _ root: Int, _ source: [UInt8], _ piece: Range<Int>
    ) -> Bool {
        switch root {
        case PathTree.gpu: gpu.facts.offer(binding.fact, binding.kind, rank: binding.rank, source, piece)
        case PathTree.migDevice: migDevice.facts.offer(binding.fact, binding.kind, rank: binding.rank, source, piece)
        case PathTree.process: process.facts.offer(binding.fact, binding.kind, rank: binding.rank, source, piece)
        default: document.offer(binding.fact, binding.kind, rank: binding.rank, source, piece)
        }
    }

    /// A value where there should be fields: "N/A" is said of each of them, "None" of a list.
    mutating func valueOfGroup(_ node: Int, _ source: [UInt8], _ piece: Range<Int>, line: () -> Int) {
        let said = FactStore.bare(source, piece)
        if said.isEmpty || FactStore.hash(source, said) == Self.none { return }
        if FactStore.reason(source, said) != nil {
            for index in tree.nodes[node].below {
                // Worse than whatever another place says.
                var binding = tree.bindings[index]
                binding.rank = .max
                _ = offer(binding, tree.nodes[node].root, source, said)
            }
        } else {
            keep(tree.path(node), tree.nodes[node].root, source, said, line: line)
        }
    }

    private static let none = FactStore.hash("none")

    /// A field of a name that is not known.
    mutating func keep(_ path: String, _ root: Int, _ source: [UInt8], _ piece: Range<Int>, line: () -> Int) {
        let said = FactStore.bare(source, piece)
        guard !said.isEmpty else { return }
        let field = OtherField(path: path.cut, text: String(decoding: source[said], as: UTF8.self).cut)
        guard isRoom(for: .other, line) else { return }
        switch root {
        case PathTree.document: other.append(field)
        case PathTree.migDevice: migDevice.other.append(field)
        default: gpu.other.append(field)
        }
    }

    /// The GPU's address, where the output has it outside of the fields.
    mutating func address(_ source: [UInt8], _ piece: Range<Int>) {
        gpu.facts.offer(GPUFact.busID.rawValue, .text, rank: .max, source, piece)
    }

    mutating func begin(_ role: PathTree.Role) {
        switch role {
        case .gpu:
            gpu = GPUReading()
            graphicsMHz = []
        case .migDevice: migDevice = MIGDeviceReading()
        case .process, .accountedProcess: process = GPUProcessReading()
        default: break
        }
    }

    mutating func end(_ role: PathTree.Role, line: () -> Int) {
        switch role {
        case .gpu:
            endClocks()
            if isRoom(for: .gpu, line) { gpus.append(gpu) }
            gpu = GPUReading()
        case .migDevice:
            if isRoom(for: .migDevice, line) { gpu.migDevices.append(migDevice) }
        case .process:
            if isRoom(for: .process, line) { gpu.processes.append(process) }
        case .accountedProcess:
            if isRoom(for: .process, line) { gpu.accountedProcesses.append(process) }
        default: break
        }
    }

    /// Whether the process that is being read has a number already.
    var processIsNamed: Bool { process.facts.cell(GPUFact.pid.rawValue).state != .missing }

    /// A clock that is supported; one of the memory begins a list of the shaders'.
    mutating func clock(_ role: PathTree.Role, _ source: [UInt8], _ piece: Range<Int>, line: () -> Int) {
        guard let megahertz = Self.wholeMegahertz(source, piece) ?? Self.megahertz(source, piece) else {
            let said = FactStore.bare(source, piece)
            if FactStore.reason(source, said) == nil { warnings.add(line(), "supportedClocks", "unreadable") }
            return
        }
        guard isRoom(for: .clock, line) else { return }
        if role == .memoryClock {
            endClocks()
            gpu.supportedClocks.append(SupportedClocks(memoryMHz: megahertz, graphicsMHz: []))
        } else if !gpu.supportedClocks.isEmpty {
            graphicsMHz.append(megahertz)
        }
    }

    private mutating func endClocks() {
        guard let last = gpu.supportedClocks.indices.last else { return }
        gpu.supportedClocks[last].graphicsMHz = graphicsMHz
        graphicsMHz = []
    }

    private static func megahertz(_ source: [UInt8], _ piece: Range<Int>) -> Int? {
        FactStore.number(.megahertz, source, piece, unit: 0).map { Int(truncatingIfNeeded: $0.bits) }
    }

    /// "1481 MHz", as every clock is written, at a third of the cost; nil for what is written in another way.
    private static func wholeMegahertz(_ source: [UInt8], _ piece: Range<Int>) -> Int? {
        source.withUnsafeBytes { source in
            guard (5...13).contains(piece.count) else { return nil }
            let digits = piece.upperBound - 4
            let unit = UInt32(littleEndian: source.loadUnaligned(fromByteOffset: digits, as: UInt32.self))
            guard unit == 0x7a48_4d20 else { return nil }
            var value = 0
            for index in piece.lowerBound..<digits {
                let digit = source[index] &- 0x30
                guard digit < 10 else { return nil }
                value = value &* 10 &+ Int(digit)
            }
            return value
        }
    }

    private mutating func isRoom(for item: Item, _ line: () -> Int) -> Bool {
        counts[item.rawValue] += 1
        guard counts[item.rawValue] > item.most else { return true }
        if counts[item.rawValue] == item.most + 1 {
            warnings.add(line(), "there are more than \(item.most) \(item.name): the others are left out")
        }
        return false
    }
}
