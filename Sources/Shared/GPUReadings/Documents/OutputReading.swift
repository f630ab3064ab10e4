/// What was read of a document, of whichever kind.
public enum OutputReading: Equatable, Sendable {
    case smiTable(SMITableReading)
    case smiText(SMITextReading)
    case smiXML(SMIQueryReading)
    case smiCSV(SMICSVReading)
    case smiList(SMIListReading)
    case smiTopology(SMITopologyReading)
    case smiDeviceMonitor(SMIDeviceMonitorReading)
    case smiProcessMonitor(SMIProcessMonitorReading)
    case smiVersion(SMIVersionReading)
    case smiError(SMIFailureReading)
    case deviceQuery(DeviceQueryReading)
    case bandwidthTest(BandwidthTestReading)
    case nvbandwidth(NVBandwidthReading)
    case lspci(LSPCIReading)
    case gpuProbe(GPUProbeReading)

    /// Reads a document of a known kind.
    init(
        _ kind: OutputKind, _ text: ByteText, columns: [String]?, warnings: inout WarningList
    ) throws(ReadingError) {
        switch kind {
        case .smiTable:
            let reading = try SMITableReading.read(text)
            warnings.add(reading.warnings)
            self = .smiTable(reading)
        case .smiText:
            let reading = try SMITextReading.read(text)
            warnings.add(reading.warnings)
            self = .smiText(reading)
        case .smiXML:
            let reading = try SMIQueryReading.read(text)
            warnings.add(reading.warnings)
            self = .smiXML(reading)
        case .smiCSV:
            let reading = try SMICSVReading.read(text, columns: columns)
            warnings.add(reading.warnings)
            self = .smiCSV(reading)
        case .smiList: self = .smiList(try .read(text, warnings: &warnings))
        case .smiTopology: self = .smiTopology(try .read(text, warnings: &warnings))
        case .smiDeviceMonitor: self = .smiDeviceMonitor(try .read(text, warnings: &warnings))
        case .smiProcessMonitor: self = .smiProcessMonitor(try .read(text, warnings: &warnings))
        case .smiVersion: self = .smiVersion(try .read(text, warnings: &warnings))
        case .smiError: self = .smiError(try .read(text))
        case .deviceQuery: self = .deviceQuery(try .read(text, warnings: &warnings))
        case .bandwidthTest: self = .bandwidthTest(try .read(text, warnings: &warnings))
        case .nvbandwidth: self = .nvbandwidth(try .read(text, warnings: &warnings))
        case .lspci: self = .lspci(try .read(text, warnings: &warnings))
        case .gpuProbe: self = .gpuProbe(try .read(text, warnings: &warnings))
        }
    }

    /// The GPUs that it tells of, by the common names.
    public var gpus: [GPUReading] {
        switch self {
        case .smiTable(let reading): reading.gpus
        case .smiText(let reading): reading.gpus
        case .smiXML(let reading): reading.gpus
        case .smiCSV(let reading): reading.gpus
        case .smiList(let reading): reading.gpus
        case .smiTopology(let reading): reading.gpus
        case .smiDeviceMonitor(let reading): reading.gpus
        case .smiProcessMonitor(let reading): reading.gpus
        case .deviceQuery(let reading): reading.gpus
        case .bandwidthTest(let reading): reading.gpus
        case .nvbandwidth(let reading): reading.gpus
        case .lspci(let reading): reading.gpus
        case .gpuProbe(let reading): reading.gpus
        case .smiVersion, .smiError: []
        }
    }
}

extension OutputReading: Encodable {
    /// The reading without a word about its kind.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .smiTable(let reading): try reading.encode(to: encoder)
        case .smiText(let reading): try reading.encode(to: encoder)
        case .smiXML(let reading): try reading.encode(to: encoder)
        case .smiCSV(let reading): try reading.encode(to: encoder)
        case .smiList(let reading): try reading.encode(to: encoder)
        case .smiTopology(let reading): try reading.encode(to: encoder)
        case .smiDeviceMonitor(let reading): try reading.encode(to: encoder)
        case .smiProcessMonitor(let reading): try reading.encode(to: encoder)
        case .smiVersion(let reading): try reading.encode(to: encoder)
        case .smiError(let reading): try reading.encode(to: encoder)
        case .deviceQuery(let reading): try reading.encode(to: encoder)
        case .bandwidthTest(let reading): try reading.encode(to: encoder)
        case .nvbandwidth(let reading): try reading.encode(to: encoder)
        case .lspci(let reading): try reading.encode(to: encoder)
        case .gpuProbe(let reading): try reading.encode(to: encoder)
        }
    }
}

extension WarningList {
    fileprivate mutating func add(_ others: [ReadingWarning]) {
        for warning in others { add(warning.line, warning.field, warning.problem) }
    }
}
