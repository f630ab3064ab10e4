/// What lspci said: the devices on the PCI bus, with `-n`, `-nn`, `-k`, `-v`, `-vv`, `-D`, `-x` in any combination, or in the
/// forms for programs, `-mm` and `-vmm`.
public struct LSPCIReading: Equatable, Sendable {
    /// The devices in the order in which they are printed.
    public var devices: [PCIDevice] = []

    /// Reads the output.
    ///
    /// - Parameter text: the output; lines around it, and separators of grep's, do no harm.
    /// - Throws: ``ReadingError`` where no line of it names a device.
    public init(parsing text: String) throws(ReadingError) {
        var warnings = WarningList()
        self = try Self.read(ByteText(text), warnings: &warnings)
    }

    init() {}

    static func read(_ text: ByteText, warnings: inout WarningList) throws(ReadingError) -> LSPCIReading {
        var parser = LSPCIParser(text)
        for line in text.lines { parser.add(line, &warnings) }
        let reading = parser.finished()
        guard !reading.devices.isEmpty else {
            throw ReadingError("the output of lspci", text, problem: "no line names a device")
        }
        return reading
    }

    /// NVIDIA's GPUs as those of the common model.
    public var gpus: [GPUReading] {
        // By number: the machine's other devices are not worth a copy.
        devices.indices.compactMap {
            devices[$0].isNVIDIA && devices[$0].isDisplayController ? GPUReading(devices[$0]) : nil
        }
    }
}

extension LSPCIReading: Encodable {
    private enum CodingKeys: CodingKey {
        case gpus, devices
    }

    /// With ``gpus``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(gpus, forKey: .gpus)
        try container.encode(devices, forKey: .devices)
    }
}
