/// How long is kept what, in seconds.
public struct Retention: Equatable, Sendable {
    /// Each sample.
    public var samples: Double
    /// Means of minutes.
    public var minutes: Double
    /// Means of hours, and events.
    public var hours: Double

    /// A day, thirty days, a year.
    public static let standard = Retention(samples: 86400, minutes: 30 * 86400, hours: 365 * 86400)

    public init(samples: Double, minutes: Double, hours: Double) {
        self.samples = samples
        self.minutes = minutes
        self.hours = hours
    }

    /// "samples=1d,minutes=30d,hours=1y": any of them, in h, d, w or y. Nil for what is none.
    public init?(_ text: String) {
        self = .standard
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = part.split(separator: "=", omittingEmptySubsequences: false)
            guard words.count == 2, let seconds = Self.seconds(words[1]) else { return nil }
            switch words[0] {
            case "samples": samples = seconds
            case "minutes": minutes = seconds
            case "hours": hours = seconds
            default: return nil
            }
        }
    }

    private static func seconds(_ text: Substring) -> Double? {
        let units: [Character: Double] = ["h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400]
        guard let last = text.last, let unit = units[last], let count = Int(text.dropLast()),
            (1...10_000).contains(count)
        else { return nil }
        return Double(count) * unit
    }
}
