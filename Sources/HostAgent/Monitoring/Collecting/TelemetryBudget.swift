/// How much of one machine's talk is read: a flood costs it its own words, and nobody else anything. A bucket of bytes
/// and one of lines, filled steadily.
public struct TelemetryBudget: Sendable {
    /// Bytes a second.
    public static let bytes = 2.0 * 1024 * 1024
    /// Lines a second. A sampler sends one or two; after an hour away it may send what it kept.
    public static let lines = 200.0
    /// How much may come at once, in seconds of the rates above.
    static let burst = 15.0

    private var bytesLeft = Self.bytes * Self.burst
    private var linesLeft = Self.lines * Self.burst
    private var filledAt: Double?

    public init() {}

    /// Whether another `count` bytes may be read at `now`, seconds of any steady clock; they are taken off if so.
    public mutating func allows(bytes count: Int, at now: Double) -> Bool {
        let passed = max(0, now - (filledAt ?? now))
        filledAt = now
        bytesLeft = min(Self.bytes * Self.burst, bytesLeft + passed * Self.bytes)
        linesLeft = min(Self.lines * Self.burst, linesLeft + passed * Self.lines)
        guard bytesLeft >= Double(count), linesLeft > 0 else { return false }
        bytesLeft -= Double(count)
        return true
    }

    /// Takes one line off; false where none is left.
    public mutating func takeLine() -> Bool {
        guard linesLeft >= 1 else { return false }
        linesLeft -= 1
        return true
    }
}
