/// The readings of an endless `nvidia-smi -q -x -l 1`, each as soon as its document ends, in constant memory.
///
///     let stream = SMIQueryStream()
///     while let bytes = try read() {
///         for result in stream.feed(bytes) { show(try result.get()) }
///     }
///     try stream.finish()
///
/// What is between documents is ignored. After a document that is broken the stream goes on with the next one.
public final class SMIQueryStream {
    /// Longer than a tag and the text before it.
    private static let mostHeld = 64 << 10

    private var document: XMLDocument?
    /// What may be the beginning of a document, or of a tag.
    private var held: [UInt8] = []
    /// The line that the next byte is on.
    private var line = 1

    /// A stream at its beginning.
    public init() {}

    /// Goes on with the stream.
    ///
    /// - Parameter bytes: what came, cut wherever it may be.
    /// - Returns: a reading for each document that ended in it, in order, or the error of one that is none of nvidia-smi's,
    ///   or is hostile.
    public func feed(_ bytes: [UInt8]) -> [Result<SMIQueryReading, ReadingError>] {
        var results: [Result<SMIQueryReading, ReadingError>] = []
        let all = held.isEmpty ? bytes : held + bytes
        held = []
        var rest = all[...]
        while !rest.isEmpty {
            guard let current = document ?? begin(&rest) else { break }
            document = current
            // expat puts off what ends in the middle of a tag, and with it the end of a document.
            let tags = rest.lastIndex(of: UInt8(ascii: ">")).map { rest[...$0] }
            let whole = tags ?? (rest.count > Self.mostHeld ? rest : [])
            do {
                guard let end = try current.feed(whole, isLast: false) else {
                    pass(whole)
                    held = Array(rest.dropFirst(whole.count))
                    break
                }
                pass(rest.prefix(end))
                rest = rest.dropFirst(end)
                results.append(.success(current.reading))
            } catch {
                // It is broken from here on; what follows may be the beginning of another one.
                let place = max(1, min(current.place, rest.count))
                pass(rest.prefix(place))
                rest = rest.dropFirst(place)
                results.append(.failure(error))
            }
            document = nil
        }
        return results
    }

    /// Ends the stream.
    ///
    /// - Throws: ``ReadingError`` where it ends in the middle of a document.
    public func finish() throws(ReadingError) {
        let (current, rest) = (document, held)
        document = nil
        held = []
        _ = try current?.feed(rest[...], isLast: true)
    }

    /// Whether a document began and did not end.
    public var isInDocument: Bool { document != nil }

    /// The next document that `rest` has the beginning of.
    private func begin(_ rest: inout ArraySlice<UInt8>) -> XMLDocument? {
        guard let start = XMLStart.find(in: rest, isLast: false) else {
            pass(rest)
            return nil
        }
        pass(rest[..<start])
        rest = rest[start...]
        if rest.count < XMLStart.longest, XMLStart.find(in: rest, isLast: true) != start {
            held = Array(rest)
            return nil
        }
        return XMLDocument(firstLine: line)
    }

    private func pass(_ bytes: ArraySlice<UInt8>) { line += bytes.count { $0 == UInt8(ascii: "\n") } }
}
