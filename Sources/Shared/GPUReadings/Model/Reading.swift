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

extension Reading {
    func map<Other>(_ change: (Value) -> Other) -> Reading<Other> {
        switch self {
        case .value(let value): .value(change(value))
        case .absent(let absence): .absent(absence)
        }
    }
}

extension Reading: Encodable where Value: Encodable {
    /// A value as itself, a reason for having none as an object: `{"absent": "notApplicable"}`. Whoever encodes a field
    /// leaves it out where it is missing.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .value(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .absent(let absence): try absence.encode(to: encoder)
        }
    }
}

extension KeyedEncodingContainer {
    /// A field of a reading: left out where it is missing.
    mutating func encode<Value: Encodable>(field reading: Reading<Value>, forKey key: Key) throws {
        if reading.absence == .missing { return }
        try encode(reading, forKey: key)
    }
}
