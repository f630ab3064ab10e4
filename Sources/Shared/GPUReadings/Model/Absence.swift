/// Why a field has no value.
public enum Absence: Equatable, Sendable {
    /// The output has no such field (another version, another option, cut short), or nothing in it.
    case missing
    /// "N/A": the GPU has no such thing.
    case notApplicable
    /// "Not Supported": the GPU or the driver does not tell.
    case notSupported
    /// "Unknown Error": the driver failed to read it.
    case unknownError
    /// "Requested functionality has been deprecated".
    case deprecated
    /// "GPU is lost": it fell off the bus.
    case gpuLost
    /// "Insufficient Permissions".
    case insufficientPermissions
    /// "Function Not Found": the driver's library is older than nvidia-smi.
    case functionNotFound
    /// "ERR!", the table's word for a sensor that could not be read.
    case error
    /// Text that is neither a value of the field's kind nor a known reason, as it was printed, cut to 200 bytes.
    case unreadable(String)

    /// Its name in JSON: as in Swift.
    public var name: String {
        switch self {
        case .missing: "missing"
        case .notApplicable: "notApplicable"
        case .notSupported: "notSupported"
        case .unknownError: "unknownError"
        case .deprecated: "deprecated"
        case .gpuLost: "gpuLost"
        case .insufficientPermissions: "insufficientPermissions"
        case .functionNotFound: "functionNotFound"
        case .error: "error"
        case .unreadable: "unreadable"
        }
    }
}

extension Absence: Encodable {
    /// `{"absent": "notApplicable"}`; with the text where it is unreadable.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FactStore.Key.self)
        try container.encode(name, forKey: .init("absent"))
        if case .unreadable(let text) = self { try container.encode(text, forKey: .init("text")) }
    }
}
