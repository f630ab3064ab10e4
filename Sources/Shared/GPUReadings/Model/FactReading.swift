/// A reading that is made of facts: of a GPU, a MIG device, a program, a retired page. Which of the facts it can have, its
/// output says.
public protocol FactReading: Equatable, Sendable, Encodable {
    /// Its facts, as they are kept: what is in them, the subscript tells.
    var facts: FactStore { get set }
}

extension FactReading {
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
