/// What `nvidia-smi --version` said (550 and later): which versions of NVIDIA's parts are at work. It tells nothing of a GPU.
public struct SMIVersionReading: Equatable, Sendable {
    /// Of nvidia-smi itself: "590.48.01".
    public var smiVersion: String?
    /// Of NVML, its library: "590.48".
    public var nvmlVersion: String?
    /// Of the driver: "590.48.01"; from 610 on that of the kernel module. Nil where it is not loaded.
    public var driverVersion: String?
    /// The newest CUDA that the driver can run, "13.1"; from 610 on that of libcuda.
    public var cudaVersion: String?
    /// What else it says, as printed.
    public var other: [OtherField] = []

    private enum Field { case smi, nvml, driver, kernelModule, cuda, libcuda }

    private static let labels = LabelTable<Field>([
        ("NVIDIA-SMI version", .smi), ("NVML version", .nvml), ("DRIVER version", .driver),
        ("KMD version", .kernelModule), ("CUDA Version", .cuda), ("CUDA UMD version", .libcuda),
    ])
    private static let expected = "the output of nvidia-smi --version"
    private static let mostOthers = 64

    /// Reads the output.
    ///
    /// - Parameter text: the output; lines around it do no harm.
    /// - Throws: ``ReadingError`` where no line tells nvidia-smi's version.
    public init(parsing text: String) throws(ReadingError) {
        var warnings = WarningList()
        self = try Self.read(ByteText(text), warnings: &warnings)
    }

    private init() {}

    static func read(_ text: ByteText, warnings: inout WarningList) throws(ReadingError) -> SMIVersionReading {
        var reading = SMIVersionReading()
        var found = false
        for line in text.lines {
            guard let colon = text.find(UInt8(ascii: ":"), in: line.piece) else { continue }
            let label = text.trimmed(line.piece.lowerBound..<colon)
            let said = text.trimmed(colon + 1..<line.piece.upperBound)
            guard let field = labels.value(label, in: text) else {
                // What precedes the first line is a prompt or a banner.
                if found, !label.isEmpty, !said.isEmpty, reading.other.count < mostOthers {
                    reading.other.append(OtherField(path: text.cut(label), text: text.cut(said)))
                }
                continue
            }
            if field == .smi { found = true }
            guard let version = text.firstWord(said), ByteText.isDigit(text[version.lowerBound]) else {
                if !isAbsence(said, text) { warnings.add(line.number, text.cut(label), "unreadable") }
                continue
            }
            reading.take(field, text, version)
        }
        guard found else { throw ReadingError(expected, text, problem: "no line tells nvidia-smi's version") }
        return reading
    }

    private mutating func take(_ field: Field, _ text: ByteText, _ version: ByteText.Piece) {
        switch field {
        case .smi: if smiVersion == nil { smiVersion = text.cut(version) }
        case .nvml: if nvmlVersion == nil { nvmlVersion = text.cut(version) }
        case .driver: if driverVersion == nil { driverVersion = text.cut(version) }
        case .cuda: if cudaVersion == nil { cudaVersion = text.cut(version) }
        // Where both are told these are the ones that count; both stand behind the others.
        case .kernelModule: driverVersion = text.cut(version)
        case .libcuda: cudaVersion = text.cut(version)
        }
    }

    /// "N/A", or 610's `Deprecated, see "KMD version" instead`.
    private static func isAbsence(_ said: ByteText.Piece, _ text: ByteText) -> Bool {
        text.starts(said, with: "Deprecated") || FactStore.reason(text.bytes, said) != nil
    }
}

extension SMIVersionReading: Encodable {
    private enum CodingKeys: CodingKey {
        case smiVersion, nvmlVersion, driverVersion, cudaVersion, other
    }

    /// The versions, and the rest where there is any.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(smiVersion, forKey: .smiVersion)
        try container.encodeIfPresent(nvmlVersion, forKey: .nvmlVersion)
        try container.encodeIfPresent(driverVersion, forKey: .driverVersion)
        try container.encodeIfPresent(cudaVersion, forKey: .cudaVersion)
        if !other.isEmpty { try container.encode(other, forKey: .other) }
    }
}
