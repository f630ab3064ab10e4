/// A page of a GPU's memory that is not used any more, because it had errors.
public struct RetiredPageReading: Equatable, Sendable, Encodable {
    var facts = FactStore()

    /// Nothing is known of it.
    public init() {}

    init(_ facts: FactStore) { self.facts = facts }

    /// Any fact, in the unit of its name.
    public subscript(fact: GPUFact) -> Reading<FactValue> {
        get { facts.value(fact) }
        set { facts.set(fact, newValue) }
    }

    /// The facts that the output has, be it a value or a reason for having none.
    public var knownFacts: [GPUFact] { facts.known }

    /// The facts by name.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FactStore.Key.self)
        try facts.encode(to: &container)
    }
}

extension RetiredPageReading {
    /// Where it is, as printed.
    public var address: Reading<String> { facts.text(.retiredPageAddress) }
    /// When it was retired, as printed.
    public var timestamp: Reading<String> { facts.text(.retiredPageTimestamp) }
    /// "Single Bit ECC" or "Double Bit ECC".
    public var cause: Reading<String> { facts.text(.retiredPageCause) }
}
