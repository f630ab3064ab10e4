/// Walks the lines of `nvidia-smi -q` as the tree that their indentation makes.
struct SMITextParser {
    private(set) var collector = QueryCollector(tree)
    private(set) var sawHeading = false
    /// Whether there was a field or a GPU behind the heading.
    private(set) var foundSomething = false

    private let text: ByteText
    private var isInGPU = false
    private var number = 0
    /// The keys above the current line.
    private var above: [Level] = []
    /// What the open process or MIG device is.
    private var part = PathTree.Role.none

    private struct Level {
        var indentation: Int
        var node: Int
        var key: ByteText.Piece
    }

    private static let tree = PathTree(
        .text,
        roles: [
            ("mig device", .migDevice), ("processes", .processes), ("compute processes", .processes),
            ("accounted processes", .accountedProcesses), ("supported clocks/memory", .memoryClock),
            ("supported clocks/memory/graphics", .graphicsClock),
        ],
        hash: { FactStore.hash($0, $0.indices) })
    /// nvidia-smi's own depth is 5.
    private static let maximumDepth = 16
    private static let gpuInstance = FactStore.hash("gpu instance id")
    private static let processID = FactStore.hash("process id")

    init(_ text: ByteText) { self.text = text }

    mutating func run() {
        var lines = KeyedLines(text)
        while let line = lines.next() {
            number = line.number
            if line.key.isEmpty, line.value == nil { continue }
            if line.indentation == 0 {
                guard top(line) else { break }
            } else if sawHeading || isInGPU {
                field(line)
            }
        }
        closeGPU()
    }

    /// A line without indentation; false where another output begins.
    private mutating func top(_ line: KeyedLines.Line) -> Bool {
        if text[line.key.lowerBound] == UInt8(ascii: "="), text.has("NVSMI LOG", in: line.key) {
            if foundSomething { return false }
            sawHeading = true
        } else if line.value == nil, let address = heading(line.key) {
            closeGPU()
            isInGPU = true
            foundSomething = true
            collector.begin(.gpu)
            collector.address(text.bytes, address)
        } else if sawHeading, let value = line.value {
            close(to: 0)
            let node = Self.tree.child(of: PathTree.document, line.hash)
            foundSomething = true
            if node != PathTree.unknown {
                let number = number
                collector.value(node, text.bytes, value) { number }
            } else if !isInGPU {
                collector.keep(text.string(line.key), PathTree.document, text.bytes, value) { line.number }
            }
        } else if sawHeading, !isInGPU {
            // "vGPU Driver Capability", with fields below it.
            close(to: 0)
            let node = Self.tree.child(of: PathTree.document, line.hash)
            above.append(Level(indentation: 0, node: node, key: line.key))
        }
        return true
    }

    /// "GPU 00000000:01:00.0"
    private func heading(_ line: ByteText.Piece) -> ByteText.Piece? {
        guard text.starts(line, with: "GPU ") else { return nil }
        var rest = line
        guard text.nextWord(&rest) != nil, let address = text.nextWord(&rest), text.nextWord(&rest) == nil else {
            return nil
        }
        return sawHeading || text.find(UInt8(ascii: ":"), in: address) != nil ? address : nil
    }

    private mutating func field(_ line: KeyedLines.Line) {
        close(to: line.indentation)
        guard isInGPU || !above.isEmpty, above.count < Self.maximumDepth else { return }
        let parent = above.last?.node ?? PathTree.gpu
        if parent == PathTree.process { beginProcess(line.hash) }
        var node = Self.tree.child(of: parent, line.hash)
        let role = node == PathTree.unknown ? .none : Self.tree.nodes[node].role
        if let value = line.value {
            take(node, role, line.key, value)
        } else {
            node = group(node, role)
        }
        above.append(Level(indentation: line.indentation, node: node, key: line.key))
    }

    /// A key with fields below it: what they are below of.
    private mutating func group(_ node: Int, _ role: PathTree.Role) -> Int {
        switch role {
        case .migDevice:
            part = role
            collector.begin(role)
            return PathTree.migDevice
        case .processes, .accountedProcesses:
            part = role == .processes ? .process : .accountedProcess
            isProcessOpen = false
            return PathTree.process
        default: return node
        }
    }

    private mutating func take(_ node: Int, _ role: PathTree.Role, _ key: ByteText.Piece, _ value: ByteText.Piece) {
        let number = number
        if node == PathTree.unknown {
            let path = (above.map(\.key) + [key]).map { text.string($0) }.joined(separator: "/")
            var root = isInGPU ? PathTree.gpu : PathTree.document
            if above.contains(where: { $0.node == PathTree.migDevice }) { root = PathTree.migDevice }
            collector.keep(path, root, text.bytes, value) { number }
        } else if role == .memoryClock || role == .graphicsClock {
            collector.clock(role, text.bytes, value) { number }
        } else if Self.tree.nodes[node].bindings.isEmpty {
            collector.valueOfGroup(node, text.bytes, value) { number }
        } else {
            collector.value(node, text.bytes, value) { number }
        }
    }

    private var isProcessOpen = false

    /// Processes are not told apart by anything around them: one begins with its instance, before 450 with its number.
    private mutating func beginProcess(_ key: UInt64) {
        if key == Self.gpuInstance || (key == Self.processID && (!isProcessOpen || collector.processIsNamed)) {
            closeProcess()
            collector.begin(part)
            isProcessOpen = true
        }
    }

    private mutating func closeProcess() {
        let number = number
        if isProcessOpen { collector.end(part) { number } }
        isProcessOpen = false
    }

    /// Ends what is not above a line of this indentation.
    private mutating func close(to indentation: Int) {
        let number = number
        while let last = above.last, last.indentation >= indentation {
            above.removeLast()
            if last.node == PathTree.migDevice { collector.end(.migDevice) { number } }
            if last.node == PathTree.process { closeProcess() }
        }
    }

    private mutating func closeGPU() {
        close(to: 0)
        let number = number
        if isInGPU { collector.end(.gpu) { number } }
        isInGPU = false
    }
}
