/// A page of a GPU's memory that is not used any more, because it had errors.
public struct RetiredPageReading: FactReading {
    public var facts = FactStore()

    /// Nothing is known of it.
    public init() {}

    init(_ facts: FactStore) { self.facts = facts }
}

extension RetiredPageReading {
    /// Where it is, as printed.
    public var address: Reading<String> { facts.text(.retiredPageAddress) }
    /// When it was retired, as printed.
    public var timestamp: Reading<String> { facts.text(.retiredPageTimestamp) }
    /// "Single Bit ECC" or "Double Bit ECC".
    public var cause: Reading<String> { facts.text(.retiredPageCause) }
}
