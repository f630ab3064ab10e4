/// nvidia-smi's own words about why it could not do its work: at least one of its failures, and nothing else.
public struct SMIErrorReading: Equatable, Sendable {
    /// The failures in order.
    public var failures: [SMIFailure]

    /// Reads the words.
    ///
    /// - Parameter text: what was printed; lines around it do no harm.
    /// - Throws: ``ReadingError`` where no failure is told.
    public init(parsing text: String) throws(ReadingError) { self = try Self.read(ByteText(text)) }

    private static let most = 256

    static func read(_ text: ByteText) throws(ReadingError) -> SMIErrorReading {
        let failures = SMIFailure.all(in: text.string(text.whole))
        guard !failures.isEmpty else {
            throw ReadingError("a failure of nvidia-smi's", text, problem: "no line tells one")
        }
        return .init(failures: Array(failures.prefix(most)))
    }

    private init(failures: [SMIFailure]) { self.failures = failures }
}

extension SMIErrorReading: Encodable {
    private enum CodingKeys: CodingKey { case failures }
    private enum FailureKeys: CodingKey { case failure, library, gpu, reason }

    /// Each failure by its name, with what it tells besides.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        var list = container.nestedUnkeyedContainer(forKey: .failures)
        for failure in failures {
            var entry = list.nestedContainer(keyedBy: FailureKeys.self)
            switch failure {
            case .couldNotCommunicate: try entry.encode("couldNotCommunicate", forKey: .failure)
            case .noDevices: try entry.encode("noDevices", forKey: .failure)
            case .versionMismatch(let library):
                try entry.encode("versionMismatch", forKey: .failure)
                try entry.encodeIfPresent(library, forKey: .library)
            case .unknownNVMLError: try entry.encode("unknownNVMLError", forKey: .failure)
            case .insufficientPermissions: try entry.encode("insufficientPermissions", forKey: .failure)
            case .nvml(let reason):
                try entry.encode("nvml", forKey: .failure)
                try entry.encode(reason, forKey: .reason)
            case .libraryMissing: try entry.encode("libraryMissing", forKey: .failure)
            case .deviceHandle(let gpu, let reason):
                try entry.encode("deviceHandle", forKey: .failure)
                try entry.encode(gpu, forKey: .gpu)
                try entry.encode(reason, forKey: .reason)
            }
        }
    }
}
