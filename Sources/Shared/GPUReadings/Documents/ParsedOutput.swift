/// A document of a stream and what was read of it: one line of `parse`.
///
/// Its JSON is a published interface, Documentation/schemas/readings.md.
public struct ParsedOutput: Sendable {
    /// The layout's number. Within one, keys are only added.
    public static let schema = 1

    /// What it is.
    public var kind: OutputKind
    /// The line of the stream, from 1, at which it begins.
    public var line: Int
    /// What there is to say against it; empty where all was read as it was meant.
    public var warnings: [ReadingWarning]
    /// What it says; nil where it was recognised and could not be read, which ``error`` explains.
    public var reading: OutputReading?
    /// Why there is no reading.
    public var error: ReadingError?

    /// Reads a document that was found.
    ///
    /// - Parameters:
    ///   - document: the document.
    ///   - columns: the columns of a CSV without a header, as they were asked for.
    public init(reading document: OutputDocument, columns: [String]? = nil) {
        kind = document.kind
        line = document.line
        warnings = document.warnings
        var found = WarningList()
        do {
            reading = try OutputReading(
                document.kind, ByteText(clean: document.bytes), columns: columns, warnings: &found)
        } catch {
            self.error = error
            self.error?.line += document.lineOffset
        }
        // A reader that misses the end says so better.
        if document.isCut, error == nil, found.all.isEmpty {
            found.add(document.lastLine - document.lineOffset, nil, "the document ends before its end")
        }
        warnings += found.all.map { warning in
            ReadingWarning(line: warning.line + document.lineOffset, field: warning.field, problem: warning.problem)
        }
    }

    /// Reads bytes as one document of a known kind, without looking for its beginning.
    ///
    /// - Parameters:
    ///   - bytes: the document; junk around it is borne as far as its reader bears it.
    ///   - kind: what it is.
    ///   - columns: the columns of a CSV without a header.
    public init(reading bytes: [UInt8], as kind: OutputKind, columns: [String]? = nil) {
        self.init(
            reading: OutputDocument(kind: kind, line: 1, bytes: ByteText(bytes).bytes, lineOffset: 0), columns: columns)
    }

    /// The GPUs that it tells of.
    public var gpus: [GPUReading] { reading?.gpus ?? [] }
}

extension ParsedOutput: Encodable {
    private enum CodingKeys: CodingKey {
        case schema, kind, line, warnings, reading, error
    }

    /// The envelope with the reading in it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(Self.schema, forKey: .schema)
        try container.encode(kind, forKey: .kind)
        try container.encode(line, forKey: .line)
        try container.encode(warnings, forKey: .warnings)
        try container.encodeIfPresent(reading, forKey: .reading)
        try container.encodeIfPresent(
            error.map { ReadingWarning(line: $0.line, problem: "\($0.problem): \"\($0.seen)\"") }, forKey: .error)
    }
}
