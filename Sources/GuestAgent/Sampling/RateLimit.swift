/// So many at once, and so many a second after that: a driver in trouble writes thousands of errors.
package struct RateLimit {
    private let burst: Double
    private let perSecond: Double
    private var left: Double
    private var last: Double

    package init(burst: Int, perSecond: Double, now: Double) {
        self.burst = Double(burst)
        self.perSecond = perSecond
        left = Double(burst)
        last = now
    }

    /// Whether one more may pass at `now`.
    package mutating func admits(at now: Double) -> Bool {
        left = min(burst, left + max(0, now - last) * perSecond)
        last = max(last, now)
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
