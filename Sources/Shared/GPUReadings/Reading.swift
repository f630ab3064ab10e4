/// A field of an output: its value, or the reason why there is none. "0 W" and "N/A" are different things to say.
public enum Reading<Value: Equatable & Sendable>: Equatable, Sendable {
    /// The field was there and could be read.
    case value(Value)
    /// There is no value.
    case absent(Absence)

    /// The value, nil for every kind of absence.
    public var value: Value? {
        if case .value(let value) = self { value } else { nil }
    }

    /// Why there is no value; nil where there is one.
    public var absence: Absence? {
        if case .absent(let absence) = self { absence } else { nil }
    }
}

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

    /// The texts by which nvidia-smi says that there is no value, in lower case.
    private static let texts: [String: Absence] = [
        "n/a": .notApplicable,
        "not supported": .notSupported,
        "unknown error": .unknownError,
        "requested functionality has been deprecated": .deprecated,
        "gpu is lost": .gpuLost,
        "insufficient permissions": .insufficientPermissions,
        "function not found": .functionNotFound,
        "err!": .error,
        "not found": .notApplicable,
        "": .missing,
    ]

    /// The reason that `text` gives, with or without the square brackets of CSV; nil where it is none.
    init?(text: some StringProtocol) {
        var text = text.trimmed
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        guard let known = Self.texts[text.lowercased()] else { return nil }
        self = known
    }
}
