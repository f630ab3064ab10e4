internal import CExpat

/// One document of nvidia-smi's, given piece by piece to expat. Memory is that of the reading, however long the document.
final class XMLDocument {
    /// The largest recording is under half a MiB, with eight GPUs.
    static let maximumSize = 32 << 20

    private let parser: XML_Parser
    private let machine: UnsafeMutablePointer<XMLMachine>
    private let firstLine: Int
    /// Bytes that came before the last piece, and with it.
    private var (before, given) = (0, 0)

    /// A document whose first line is the text's `firstLine`; `encoding` goes before what it declares. Nil where there is
    /// no memory for it.
    init?(firstLine: Int, encoding: String? = nil) {
        guard let parser = XML_ParserCreate(encoding) else { return nil }
        self.parser = parser
        self.firstLine = firstLine
        machine = .allocate(capacity: 1)
        machine.initialize(to: XMLMachine(parser))
        XML_SetUserData(parser, machine)
        XML_SetElementHandler(
            parser,
            { data, name, attributes in
                if let name { XMLDocument.machine(data)?.pointee.start(name, attributes) }
            },
            { data, _ in XMLDocument.machine(data)?.pointee.finish() })
        // Entities are how a small document becomes a large one; nvidia-smi declares none.
        XML_SetEntityDeclHandler(parser) { data, _, _, _, _, _, _, _, _ in
            XMLDocument.machine(data)?.pointee.stop("it declares an entity")
        }
        XML_SetSkippedEntityHandler(parser) { data, _, _ in
            XMLDocument.machine(data)?.pointee.stop("it uses an entity")
        }
    }

    deinit {
        XML_ParserFree(parser)
        machine.deinitialize(count: 1)
        machine.deallocate()
    }

    fileprivate static func machine(_ data: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<XMLMachine>? {
        data?.assumingMemoryBound(to: XMLMachine.self)
    }

    /// Goes on with the document.
    ///
    /// - Parameters:
    ///   - bytes: the next piece of it.
    ///   - isLast: whether nothing follows.
    /// - Returns: how much of the piece is the document's, where it ends in it; nil where it goes on.
    func feed(_ bytes: ArraySlice<UInt8>, isLast: Bool) throws(ReadingError) -> Int? {
        guard bytes.count <= Self.maximumSize - given else {
            throw error("it has more than \(Self.maximumSize) bytes")
        }
        before = given
        given += bytes.count
        // At most 32 MiB, so the length fits expat's Int32.
        let status = bytes.withUnsafeBytes { buffer in
            XML_Parse(
                parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), isLast ? 1 : 0)
        }
        if let problem = machine.pointee.problem { throw error(problem) }
        if let end = machine.pointee.end {
            guard machine.pointee.isOurs else { throw error("the document is another one") }
            return max(0, min(end - before, bytes.count))
        }
        guard status == XML_STATUS_OK else {
            throw error(XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "it cannot be parsed")
        }
        if isLast { throw error("no element found") }
        return nil
    }

    /// How far expat came in the last piece.
    var place: Int { Int(clamping: XML_GetCurrentByteIndex(parser)) - before }

    /// Whether expat did not understand a byte: it may be no UTF-8.
    var metBadBytes: Bool { XML_GetErrorCode(parser) == XML_ERROR_INVALID_TOKEN }

    /// The lines of what was given so far.
    var lines: Int { Int(clamping: XML_GetCurrentLineNumber(parser)) - 1 }

    /// What was read, once the document has ended.
    var reading: SMIQueryReading { SMIQueryReading(machine.pointee.collector, firstLine: firstLine) }

    private func error(_ problem: String) -> ReadingError {
        let line = machine.pointee.end != nil && !machine.pointee.isOurs ? firstLine : firstLine + lines
        return ReadingError(
            SMIQueryReading.expected, line: line, seen: machine.pointee.root.map { "<\($0)>" } ?? "", problem: problem)
    }
}

extension XMLMachine {
    /// Has expat tell of text, or not.
    static func listen(_ parser: XML_Parser, _ listens: Bool) {
        guard listens else { return XML_SetCharacterDataHandler(parser, nil) }
        XML_SetCharacterDataHandler(parser) { data, text, length in
            if let text { XMLDocument.machine(data)?.pointee.add(text, length) }
        }
    }
}
