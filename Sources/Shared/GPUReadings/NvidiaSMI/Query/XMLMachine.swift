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
    /// The open elements by depth, from 1; the first stands for none.
    private var levels = [Level](repeating: Level(), count: maximumDepth + 1)
    /// Which process or MIG device is being read; they are not within each other.
    private var part = PathTree.Role.none
    /// The text of the innermost element: as much of the array as `length` says.
    private var text = [UInt8](repeating: 0, count: 256)
    private var length = 0
    /// Whether expat tells of text now.
    private var listens = false
    /// The names of the elements that are not known, from the outermost on, each behind a slash.
    private var unknownNames: [UInt8] = []

    /// An element that is open.
    private struct Level {
        var node = PathTree.unknown
        var hasElements = false
    }

    init(_ parser: XML_Parser) { self.parser = parser }

    /// Whether the outermost element is nvidia-smi's.
    var isOurs: Bool { levels[1].node == PathTree.document }

    /// expat may still call a handler or two after it was stopped: they look at ``problem`` and ``end``.
    mutating func stop(_ reason: String) {
        guard problem == nil, end == nil else { return }
        problem = reason
        XML_StopParser(parser, 0)
    }

    mutating func start(_ name: UnsafePointer<CChar>, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
        guard problem == nil, end == nil else { return }
        guard depth < Self.maximumDepth else { return stop("it is more than \(Self.maximumDepth) elements deep") }
        let above = levels[depth].node
        levels[depth].hasElements = true
        depth += 1
        length = 0
        listen(true)
        if depth == 1 {
            root = String(cString: name)
            levels[1] = Level(node: root == "nvidia_smi_log" ? PathTree.document : PathTree.unknown)
            return
        }
        let name = UnsafeRawBufferPointer(start: name, count: Int(expat_length(name)))
        let node = collector.tree.child(of: above, NameHash.of(name))
        levels[depth] = Level(node: node)
        if node == PathTree.unknown {
            guard isOurs else { return }
            unknownNames.append(UInt8(ascii: "/"))
            unknownNames.append(contentsOf: name)
            return
        }
        switch collector.tree.nodes[node].role {
        case .none, .memoryClock, .graphicsClock: break
        case .gpu:
            levels[depth].node = PathTree.gpu
            collector.begin(.gpu)
            if let id = attribute("id", attributes) { collector.address(id, 0..<id.count) }
        case let role:
            levels[depth].node = role == .migDevice ? PathTree.migDevice : PathTree.process
            collector.begin(role)
            part = role
        }
    }

    mutating func finish() {
        guard problem == nil, end == nil, depth > 0 else { return }
        let level = levels[depth]
        let parser = parser
        func line() -> Int { Int(clamping: XML_GetCurrentLineNumber(parser)) }
        switch level.node {
        case PathTree.unknown:
            if isOurs { finishUnknown(line) }
        case PathTree.document: break
        case PathTree.gpu: collector.end(.gpu, line: line)
        case PathTree.migDevice, PathTree.process: collector.end(part, line: line)
        default:
            let known = collector.tree.nodes[level.node]
            if known.role != .none {
                collector.clock(known.role, text, 0..<length, line: line)
            } else if level.hasElements {
                break
            } else if known.bindings.isEmpty {
                collector.valueOfGroup(level.node, text, 0..<length, line: line)
            } else {
                collector.value(level.node, text, 0..<length, line: line)
            }
        }
        if depth == 1 {
            end = Int(XML_GetCurrentByteIndex(parser)) + Int(XML_GetCurrentByteCount(parser))
            XML_StopParser(parser, 0)
        }
        depth -= 1
        length = 0
        // What follows an element within another is nobody's text. Not to hear of it saves two calls a line.
        listen(false)
    }

    private mutating func listen(_ wanted: Bool) {
        guard listens != wanted else { return }
        listens = wanted
        Self.listen(parser, wanted)
    }

    private mutating func finishUnknown(_ line: () -> Int) {
        if !levels[depth].hasElements, length > 0 {
            var known = depth
            while levels[known].node == PathTree.unknown { known -= 1 }
            let node = levels[known].node
            let above = collector.tree.path(node)
            let below = String(decoding: unknownNames, as: UTF8.self)
            collector.keep(
                above.isEmpty ? String(below.dropFirst()) : above + below, collector.tree.nodes[node].root,
                text, 0..<length, line: line)
        }
        let slash = unknownNames.lastIndex(of: UInt8(ascii: "/")) ?? 0
        unknownNames.removeSubrange(slash...)
    }

    mutating func add(_ said: UnsafePointer<CChar>, _ count: Int32) {
        let said = UnsafeRawBufferPointer(start: said, count: Int(count))
        if length == 0 {
            // What is between elements is nobody's text, and most of what is between tags.
            var blanks = 0
            while blanks < said.count, said[blanks] <= 0x20 { blanks += 1 }
            if blanks == said.count { return }
        }
        guard problem == nil, end == nil else { return }
        guard said.count <= Self.maximumText - length else {
            return stop("an element has more than \(Self.maximumText) bytes of text")
        }
        let end = length + said.count
        if end > text.count { text += Array(repeating: 0, count: end) }
        text.withUnsafeMutableBytes { UnsafeMutableRawBufferPointer(rebasing: $0[length..<end]).copyMemory(from: said) }
        length = end
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
