/// What a command did with a card's drivers, function by function.
public struct CardChange: Codable, Equatable, Sendable {
    /// A function, before and after.
    public struct Function: Codable, Equatable, Sendable {
        public var address: PCIAddress
        /// The driver that it was on when the command began; nil for none.
        public var from: String?
        /// The driver that it is on now; nil for none.
        public var to: String?
    }

    /// The function by which the card is named.
    public var card: PCIAddress
    public var functions: [Function]
    /// Whether there is a claim now: `release` will put the card back.
    public var claimed: Bool
    /// What was done besides, or why nothing was: sentences.
    public var notes: [String] = []

    /// Whether any function is on another driver than before.
    public var isChange: Bool { functions.contains { $0.from != $0.to } }
}

/// What a command would do with a card, in order.
public struct PlannedCard: Codable, Equatable, Sendable {
    public var card: PCIAddress
    /// Commands, as a shell would do it.
    public var steps: [String]
}
