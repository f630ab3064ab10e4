internal import CExpat

/// Bytes of XML as a sequence of elements, over expat, without a tree: nvidia-smi prints tens of thousands of supported
/// clocks that nobody asked for.
///
/// The text may come from a machine that is not trusted. No external entity or DTD is loaded (expat does so only when
/// told to), any declaration of an entity ends the parsing, and size, depth and the length of a text are bounded.
final class XMLElements {
    /// Why the parsing ended early.
    struct Problem: Error {
        var line: Int
        var description: String
    }

    /// The largest recording is under half a MiB, with eight GPUs.
    static let maximumSize = 32 << 20
    /// nvidia-smi's own depth is 7.
    static let maximumDepth = 32
    /// Longest text of one element in bytes; a path of a program has at most 4096.
    static let maximumText = 16 << 10

    /// Called at the start of each element with its path below the root ("gpu/pci", empty for the root itself) and its
    /// `id` attribute.
    var onStart: (_ path: String, _ id: String?) -> Void = { _, _ in }
    /// Called at the end of each element with its path and the text directly within.
    var onEnd: (_ path: String, _ text: String) -> Void = { _, _ in }
    /// The name of the outermost element, once it was seen.
    private(set) var root: String?

    private var path: [String] = []
    private var texts: [[UInt8]] = []
    private var problem: String?
    private var rootClosed = false
    private var parser: OpaquePointer?

    /// Parses a document whose first line is the text's `firstLine`. What follows the outermost element is ignored.
    func parse(_ bytes: ArraySlice<UInt8>, firstLine: Int) throws(Problem) {
        guard bytes.count <= Self.maximumSize else {
            throw Problem(line: firstLine, description: "it has more than \(Self.maximumSize) bytes")
        }
        guard let parser = XML_ParserCreate(nil) else {
            throw Problem(line: firstLine, description: "there is no memory to parse it")
        }
        self.parser = parser
        defer {
            XML_ParserFree(parser)
            self.parser = nil
        }
        XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        XML_SetElementHandler(
            parser,
            { data, name, attributes in XMLElements.of(data)?.start(name, attributes) },
            { data, _ in XMLElements.of(data)?.end() })
        XML_SetCharacterDataHandler(parser) { data, text, length in XMLElements.of(data)?.add(text, length) }
        // Entities are how a small document becomes a large one; nvidia-smi declares none.
        XML_SetEntityDeclHandler(parser) { data, _, _, _, _, _, _, _, _ in
            XMLElements.of(data)?.stop("it declares an entity")
        }
        XML_SetSkippedEntityHandler(parser) { data, _, _ in XMLElements.of(data)?.stop("it uses an entity") }

        // At most 32 MiB, so the length fits expat's Int32.
        let status = bytes.withUnsafeBytes { buffer in
            XML_Parse(parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), 1)
        }
        if rootClosed, problem == nil { return }
        guard status == XML_STATUS_OK, problem == nil else {
            let said = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) }
            throw Problem(
                line: firstLine - 1 + Int(clamping: XML_GetCurrentLineNumber(parser)),
                description: problem ?? said ?? "it cannot be parsed")
        }
    }

    private static func of(_ data: UnsafeMutableRawPointer?) -> XMLElements? {
        data.map { Unmanaged<XMLElements>.fromOpaque($0).takeUnretainedValue() }
    }

    /// expat may still call a handler or two after it was stopped: they look at ``problem``.
    private func stop(_ reason: String) {
        guard problem == nil, !rootClosed else { return }
        problem = reason
        if let parser { XML_StopParser(parser, 0) }
    }

    private func start(_ name: UnsafePointer<CChar>?, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
        guard problem == nil, !rootClosed, let spelled = name else { return }
        guard texts.count < Self.maximumDepth else { return stop("it is more than \(Self.maximumDepth) elements deep") }
        let name = String(cString: spelled)
        if root == nil {
            root = name
        } else {
            path.append(name)
        }
        texts.append([])
        onStart(path.joined(separator: "/"), attribute("id", attributes))
    }

    private func end() {
        guard problem == nil, !rootClosed, let text = texts.popLast() else { return }
        onEnd(path.joined(separator: "/"), String(decoding: text, as: UTF8.self))
        if path.popLast() == nil {
            rootClosed = true
            if let parser { XML_StopParser(parser, 0) }
        }
    }

    private func add(_ text: UnsafePointer<CChar>?, _ length: Int32) {
        guard problem == nil, !rootClosed, let text, length > 0, let last = texts.indices.last else { return }
        guard Int(length) <= Self.maximumText - texts[last].count else {
            return stop("an element has more than \(Self.maximumText) bytes of text")
        }
        text.withMemoryRebound(to: UInt8.self, capacity: Int(length)) {
            texts[last].append(contentsOf: UnsafeBufferPointer(start: $0, count: Int(length)))
        }
    }

    /// expat gives names and values in turn, and nil at the end.
    private func attribute(_ wanted: String, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> String? {
        guard var next = attributes else { return nil }
        while let name = next[0], let value = next[1] {
            if String(cString: name) == wanted { return String(cString: value) }
            next += 2
        }
        return nil
    }
}
