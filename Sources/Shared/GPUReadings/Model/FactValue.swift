/// The value of a fact.
public enum FactValue: Equatable, Sendable, Encodable {
    case text(String)
    /// In the unit that the fact's name has.
    case integer(Int64)
    /// In the unit that the fact's name has.
    case decimal(Double)
    /// Yes or no: "Active", "Not Active".
    case flag(Bool)

    /// The value as itself, not as a member of something.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .decimal(let value): try container.encode(value)
        case .flag(let value): try container.encode(value)
        }
    }
}
