internal import CExpat

/// What expat's handlers do: each element as a node of the tree, its text collected where somebody wants it. Nothing is
/// allocated for an element that is known.
///
/// The text may come from a machine that is not trusted. No external entity or DTD is loaded (expat does so only when
/// told to), any declaration of an entity ends the parsing, and size, depth and the length of a text are bounded.
struct XMLMachine {
    /// nvidia-smi's own depth is 8.
    static let maximumDepth = 32
    /// Longest text of one element in bytes; a path of a program has at most 4096.
    static let maximumText = 16 << 10

    private(set) var collector = QueryCollector(SMIQueryReading.tree)
    /// Why the parsing was stopped before the end.
    private(set) var problem: String?
    /// The name of the outermost element, once it was seen.
    private(set) var root: String?
    /// Where the document ends, in what the parser was given; nil before.
    private(set) var end: Int?

    private let parser: XML_Parser
    private var depth = 0
    /// By depth, the element's node, and whether it has elements in it.
    private var nodes = [Int](repeating: PathTree.unknown, count: maximumDepth + 1)
    private var hasElements = [Bool](repeating: false, count: maximumDepth + 1)
    /// Which process or MIG device is being read; they are not within each other.
    private var part = PathTree.Role.none
    private var text: [UInt8] = []
    /// The names of the elements that are not known, from the outermost on, each behind a slash.
    private var unknownNames: [UInt8] = []

    init(_ parser: XML_Parser) {
        self.parser = parser
        text.reserveCapacity(256)
    }

    /// Whether the outermost element is nvidia-smi's.
    var isOurs: Bool { nodes[1] == PathTree.document }

    /// expat may still call a handler or two after it was stopped: they look at ``problem`` and ``end``.
    mutating func stop(_ reason: String) {
        guard problem == nil, end == nil else { return }
        problem = reason
        XML_StopParser(parser, 0)
    }

    mutating func start(_ name: UnsafePointer<CChar>, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
        guard problem == nil, end == nil else { return }
        guard depth < Self.maximumDepth else { return stop("it is more than \(Self.maximumDepth) elements deep") }
        // FNV-1a, as the tree's.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var length = 0
        while name[length] != 0 {
            hash = (hash ^ UInt64(UInt8(bitPattern: name[length]))) &* 0x100_0000_01b3
            length += 1
        }
        let above = nodes[depth]
        hasElements[depth] = true
        depth += 1
        hasElements[depth] = false
        if !text.isEmpty { text.removeAll(keepingCapacity: true) }
        if depth == 1 {
            root = String(cString: name)
            nodes[1] = root == "nvidia_smi_log" ? PathTree.document : PathTree.unknown
            return
        }
        let node = collector.tree.child(of: above, hash)
        nodes[depth] = node
        if node == PathTree.unknown {
            guard isOurs else { return }
            unknownNames.append(UInt8(ascii: "/"))
            unknownNames.append(contentsOf: bytes(name, length))
            return
        }
        switch collector.tree.nodes[node].role {
        case .none, .memoryClock, .graphicsClock: break
        case .gpu:
            nodes[depth] = PathTree.gpu
            collector.begin(.gpu)
            if let id = attribute("id", attributes) { collector.address(id, 0..<id.count) }
        case let role:
            nodes[depth] = role == .migDevice ? PathTree.migDevice : PathTree.process
            collector.begin(role)
            part = role
        }
    }

    mutating func finish() {
        guard problem == nil, end == nil, depth > 0 else { return }
        let node = nodes[depth]
        switch node {
        case PathTree.unknown:
            if isOurs { finishUnknown() }
        case PathTree.document: break
        case PathTree.gpu: collector.end(.gpu, line: line)
        case PathTree.migDevice, PathTree.process:
            collector.end(part, line: line)
        default:
            let known = collector.tree.nodes[node]
            if known.role != .none {
                collector.clock(known.role, text, 0..<text.count, line: line)
            } else if hasElements[depth] {
                break
            } else if known.bindings.isEmpty {
                collector.valueOfGroup(node, text, 0..<text.count, line: line)
            } else {
                let parser = parser
                collector.value(node, text, 0..<text.count) { Int(clamping: XML_GetCurrentLineNumber(parser)) }
            }
        }
        if depth == 1 {
            end = Int(XML_GetCurrentByteIndex(parser)) + Int(XML_GetCurrentByteCount(parser))
            XML_StopParser(parser, 0)
        }
        depth -= 1
        if !text.isEmpty { text.removeAll(keepingCapacity: true) }
    }

    private mutating func finishUnknown() {
        if !hasElements[depth], !text.isEmpty {
            var known = depth
            while nodes[known] == PathTree.unknown { known -= 1 }
            let above = collector.tree.path(nodes[known])
            let below = String(decoding: unknownNames, as: UTF8.self)
            collector.keep(
                above.isEmpty ? String(below.dropFirst()) : above + below, collector.tree.nodes[nodes[known]].root,
                text,
                0..<text.count, line: line)
        }
        let slash = unknownNames.lastIndex(of: UInt8(ascii: "/")) ?? 0
        unknownNames.removeSubrange(slash...)
    }

    mutating func add(_ said: UnsafePointer<CChar>, _ length: Int32) {
        let said = bytes(said, Int(length))
        // What is between elements is nobody's text, and most of what is between tags.
        if text.isEmpty, said.allSatisfy({ $0 <= 0x20 }) { return }
        guard problem == nil, end == nil else { return }
        guard said.count <= Self.maximumText - text.count else {
            return stop("an element has more than \(Self.maximumText) bytes of text")
        }
        text.append(contentsOf: said)
    }

    /// In what the parser was given, from 1.
    private var line: Int { Int(clamping: XML_GetCurrentLineNumber(parser)) }

    private func bytes(_ text: UnsafePointer<CChar>, _ length: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text, count: length)
    }

    /// expat gives names and values in turn, and nil at the end.
    private func attribute(_ wanted: String, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> [UInt8]? {
        guard var next = attributes else { return nil }
        while let name = next[0], let value = next[1] {
            if String(cString: name) == wanted { return Array(String(cString: value).utf8) }
            next += 2
        }
        return nil
    }
}
