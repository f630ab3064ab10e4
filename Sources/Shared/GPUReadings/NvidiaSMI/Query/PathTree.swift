/// The names of an output, each below its parent, as numbers: how a parser knows at a name what it is about, without ever
/// writing a path down.
struct PathTree: Sendable {
    /// What begins at a name besides a fact.
    enum Role: UInt8 {
        case none, gpu, migDevice, process, accountedProcess
        /// A list of processes; -q has nothing around each of them.
        case processes, accountedProcesses
        case memoryClocks, memoryClock, graphicsClock
    }

    /// A fact that is printed at a name.
    struct Binding: Sendable {
        var fact: Int
        var kind: FactKind
        var rank: UInt8
    }

    /// A name, without a word: it is looked at for each field.
    struct Node: Sendable {
        var parent: Int
        /// The node that stands for what this is a part of: document, GPU, MIG device or process.
        var root: Int
        var role = Role.none
        var bindings: Range<Int> = 0..<0
        /// Of the names below it.
        var below: Range<Int> = 0..<0
    }

    /// No node: a name that is not known.
    static let unknown = 0
    static let document = 1
    static let gpu = 2
    static let migDevice = 3
    static let process = 4

    private(set) var nodes: [Node]
    private(set) var bindings: [Binding] = []
    private var names = ["", "", "", "MIG device", "process"]
    private var slots: [Slot] = []
    private var mask = 0

    private struct Slot {
        var key: UInt64 = 0
        var node = PathTree.unknown
    }

    /// The tree of a column of the table, and of `roles`, whose paths are spelled as the table's are.
    ///
    /// - Parameter hash: what ``child(of:_:)`` is asked with for a name.
    init(_ column: FactTable.Column, roles: [(path: String, role: Role)], hash: ([UInt8]) -> UInt64) {
        nodes = names.indices.map { Node(parent: Self.unknown, root: $0) }
        slots = Array(repeating: Slot(), count: 2048)
        mask = slots.count - 1
        for (path, role) in roles { nodes[insert(path, hash)].role = role }
        var bound: [[Binding]] = []
        for (fact, row) in FactTable.shared.rows.enumerated() {
            for (rank, path) in row.places[column.rawValue - 2].enumerated() {
                let node = insert(path, hash)
                while bound.count <= node { bound.append([]) }
                bound[node].append(Binding(fact: fact, kind: row.kind, rank: UInt8(truncatingIfNeeded: rank)))
            }
        }
        bound += Array(repeating: [], count: nodes.count - bound.count)
        // A name is behind its parent, so that from the end on all below it are known.
        var below: [[Binding]] = Array(repeating: [], count: nodes.count)
        for node in nodes.indices.reversed() where nodes[node].parent != Self.unknown {
            below[nodes[node].parent] = bound[node] + below[node] + below[nodes[node].parent]
        }
        for node in nodes.indices {
            nodes[node].bindings = bindings.count..<bindings.count + bound[node].count
            bindings += bound[node]
            // Of a whole GPU nothing is said at once.
            guard node > Self.process else { continue }
            nodes[node].below = bindings.count..<bindings.count + below[node].count
            bindings += below[node]
        }
    }

    /// The node below `parent` whose name has this hash.
    func child(of parent: Int, _ hash: UInt64) -> Int {
        let key = Self.key(parent, hash)
        var slot = Int(truncatingIfNeeded: key >> 40) & mask
        while slots[slot].node != Self.unknown {
            if slots[slot].key == key { return slots[slot].node }
            slot = (slot + 1) & mask
        }
        return Self.unknown
    }

    /// The names from its root's to its own.
    func path(_ node: Int) -> String {
        var path: [String] = []
        var node = node
        while node != Self.unknown {
            if !names[node].isEmpty { path.append(names[node]) }
            node = nodes[node].parent
        }
        return path.reversed().joined(separator: "/")
    }

    private static func key(_ parent: Int, _ hash: UInt64) -> UInt64 {
        (hash ^ UInt64(truncatingIfNeeded: parent) &* 0x9e37_79b9_7f4a_7c15) &* 0xd6e8_feb8_6659_fd93
    }

    private mutating func insert(_ path: String, _ hash: ([UInt8]) -> UInt64) -> Int {
        let marks: [UInt8: Int] = [
            UInt8(ascii: "^"): Self.document, UInt8(ascii: "@"): Self.migDevice, UInt8(ascii: "#"): Self.process,
        ]
        let mark = path.utf8.first.flatMap { marks[$0] }
        let root = mark ?? Self.gpu
        var node = root
        for name in path.dropFirst(mark == nil ? 0 : 1).split(separator: "/") {
            let hash = hash(Array(name.utf8))
            let found = child(of: node, hash)
            if found != Self.unknown {
                node = found
                continue
            }
            nodes.append(Node(parent: node, root: root))
            names.append(String(name))
            let key = Self.key(node, hash)
            var slot = Int(truncatingIfNeeded: key >> 40) & mask
            while slots[slot].node != Self.unknown { slot = (slot + 1) & mask }
            node = nodes.count - 1
            slots[slot] = Slot(key: key, node: node)
        }
        return node
    }
}
