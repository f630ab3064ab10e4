public import GPUReadings

/// The numbers of one sample, by fact: ``SampledFacts/numbers`` in the units of their names. What the GPU does not tell is
/// not there. A flat array and not a dictionary: a host holds thousands of them.
public struct SampledNumbers: Equatable, Sendable {
    private var values = [Double](repeating: .nan, count: SampledFacts.numbers.count)

    /// None at all.
    public init() {}

    /// A number, nil where it is not told. Facts outside ``SampledFacts/numbers`` are never kept.
    public subscript(fact: GPUFact) -> Double? {
        get {
            guard let place = SampledFacts.place(of: fact), !values[place].isNaN else { return nil }
            return values[place]
        }
        set {
            guard let place = SampledFacts.place(of: fact) else { return }
            values[place] = newValue.flatMap { $0.isFinite ? $0 : nil } ?? .nan
        }
    }

    /// The number that stands at `place` of ``SampledFacts/numbers``, nil where it is not told: for whoever reads one fact of many GPUs.
    public func value(at place: Int) -> Double? { values[place].isNaN ? nil : values[place] }

    /// Those that are told, in the order of ``SampledFacts/numbers``.
    public var told: [(fact: GPUFact, value: Double)] {
        zip(SampledFacts.numbers, values).filter { !$0.1.isNaN }.map { (fact: $0.0, value: $0.1) }
    }

    /// Not told, and not told again, is the same; NaN alone would differ from itself.
    public static func == (left: SampledNumbers, right: SampledNumbers) -> Bool {
        zip(left.values, right.values).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
    }
}

extension SampledNumbers: Codable {
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        // What this version does not know is passed over: a newer agent may send more.
        for (place, fact) in SampledFacts.numbers.enumerated() {
            guard let value = try container.decodeIfPresent(Double.self, forKey: Key(fact.key)) else { continue }
            values[place] = value.isFinite ? value : .nan
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (fact, value) in told {
            // 47, not 47.0: most are whole numbers.
            if let whole = Int64(exactly: value) {
                try container.encode(whole, forKey: Key(fact.key))
            } else {
                try container.encode(value, forKey: Key(fact.key))
            }
        }
    }
}
