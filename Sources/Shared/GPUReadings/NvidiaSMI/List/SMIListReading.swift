/// What `nvidia-smi -L` said: the GPUs and their MIG devices; or `nvidia-smi nvlink --status`, which lists links below each.
public struct SMIListReading: Equatable, Sendable {
    /// A link of a GPU's NVLink.
    public struct NVLink: Equatable, Sendable, Encodable {
        /// The GPU's number.
        public var gpu: Int
        /// The link's number.
        public var number: Int
        /// Speed of each direction; nil where the link is inactive.
        public var bytesPerSecond: Double?
    }

    /// The GPUs in order.
    public var gpus: [GPUReading] = []
    /// The links in order.
    public var nvlinks: [NVLink] = []
    /// What else it says of a GPU: "Device does not have or support Nvlink".
    public var notes: [String] = []

    /// Reads the output.
    ///
    /// - Parameter text: the output; lines around it do no harm.
    /// - Throws: ``ReadingError`` where no line names a GPU.
    public init(parsing text: String) throws(ReadingError) {
        var warnings = WarningList()
        self = try Self.read(ByteText(text), warnings: &warnings)
    }

    private init() {}

    private static let most = 4096
    /// Stores with room for what is told of a GPU and of a MIG device.
    private static let (gpu, migDevice): (FactStore, FactStore) = (
        FactStore(for: [.index, .name, .uuid]), FactStore(for: [.index, .uuid, .gpuInstanceID, .computeInstanceID])
    )
    /// Longer than most names with an identifier.
    private static let room = 96
    private static let mostNotes = 64

    static func read(_ text: ByteText, warnings: inout WarningList) throws(ReadingError) -> SMIListReading {
        var reading = SMIListReading()
        for line in text.lines { reading.add(line, text, &warnings) }
        guard !reading.gpus.isEmpty else {
            throw ReadingError("the output of nvidia-smi -L", text, problem: "no line names a GPU")
        }
        return reading
    }

    private mutating func add(_ line: ByteLines.Line, _ text: ByteText, _ warnings: inout WarningList) {
        let piece = text.trimmed(line.piece)
        guard !piece.isEmpty else { return }
        if let rest = text.after("GPU ", in: piece), let (number, name) = text.halves(rest, at: ": "),
            let index = text.integer(number)
        {
            var gpu = GPUReading()
            gpu.facts = FactStore(like: Self.gpu, text: Self.room)
            gpu.facts.put(.index, index)
            let (title, uuid) = Self.parts(name, text)
            gpu.facts.offer(GPUFact.name.rawValue, .text, text.bytes, title.prefix(200))
            if let uuid { gpu.facts.offer(GPUFact.uuid.rawValue, .text, text.bytes, uuid.prefix(200)) }
            if gpus.count < Self.most { gpus.append(gpu) }
        } else if let rest = text.after("MIG ", in: piece), !gpus.isEmpty {
            addInstance(rest, line, text, &warnings)
        } else if let rest = text.after("Link ", in: piece), let (number, state) = text.halves(rest, at: ": "),
            let link = text.integer(number), case .value(.integer(let gpu))? = gpus.last?[.index]
        {
            if nvlinks.count < Self.most {
                nvlinks.append(.init(gpu: Int(gpu), number: link, bytesPerSecond: Self.speed(state, text)))
            }
        } else if text.has("link", in: piece), !gpus.isEmpty, notes.count < Self.mostNotes {
            notes.append(text.cut(piece))
        }
    }

    /// "3g.40gb     Device  0: (UUID: MIG-…)"
    private mutating func addInstance(
        _ piece: ByteText.Piece, _ line: ByteLines.Line, _ text: ByteText, _ warnings: inout WarningList
    ) {
        var rest = piece
        guard let profile = text.nextWord(&rest), let (kind, name) = text.halves(rest, at: ":"),
            let number = text.after("Device", in: text.trimmed(kind)).flatMap({ text.integer($0) })
        else {
            warnings.add(line.number, text.cut(piece), "this is no MIG device")
            return
        }
        var device = MIGDeviceReading()
        device.profile = text.cut(profile)
        device.facts = FactStore(like: Self.migDevice, text: Self.room)
        device.facts.put(.index, number)
        if let uuid = Self.parts(name, text).uuid {
            device.facts.offer(GPUFact.uuid.rawValue, .text, text.bytes, uuid.prefix(200))
            // Before 470 it is made of the GPU's and of the instances' numbers: "MIG-GPU-…/1/0".
            var fields: ByteText.Piece? = uuid
            let parts = (0..<3).compactMap { _ in text.nextField(&fields, separator: UInt8(ascii: "/")) }
            if parts.count == 3, let gpu = text.integer(parts[1]), let compute = text.integer(parts[2]) {
                device.facts.put(.gpuInstanceID, gpu)
                device.facts.put(.computeInstanceID, compute)
            }
        }
        if gpus[gpus.count - 1].migDevices.count < Self.most { gpus[gpus.count - 1].migDevices.append(device) }
    }

    /// "NVIDIA H200 (UUID: GPU-…)": what is before the bracket, and the identifier.
    private static func parts(
        _ piece: ByteText.Piece, _ text: ByteText
    ) -> (title: ByteText.Piece, uuid: ByteText.Piece?) {
        guard let found = text.find("(UUID: ", in: piece) else { return (text.trimmed(piece), nil) }
        let end = text.find(UInt8(ascii: ")"), in: found.upperBound..<piece.upperBound) ?? piece.upperBound
        return (text.trimmed(piece.lowerBound..<found.lowerBound), text.trimmed(found.upperBound..<end))
    }

    /// "26.562 GB/s"; nil for "<inactive>".
    private static func speed(_ piece: ByteText.Piece, _ text: ByteText) -> Double? {
        guard let (number, unit) = text.measure(piece), let value = text.decimal(number) else { return nil }
        if text.equals(unit, "GB/s") { return value * 1e9 }
        return text.equals(unit, "MB/s") ? value * 1e6 : nil
    }
}

extension SMIListReading: Encodable {
    private enum CodingKeys: CodingKey {
        case gpus, nvlinks, notes
    }

    /// Links and notes where there are any.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(gpus, forKey: .gpus)
        if !nvlinks.isEmpty { try container.encode(nvlinks, forKey: .nvlinks) }
        if !notes.isEmpty { try container.encode(notes, forKey: .notes) }
    }
}
