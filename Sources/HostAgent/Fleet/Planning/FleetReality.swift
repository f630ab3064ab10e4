/// What is there of a fleet, as it is known: the other half of a plan.
public struct FleetReality: Codable, Equatable, Sendable {
    /// The fleet's guests, by name.
    public var guests: [String: ExistingGuest]
    /// Golden images that are whole, by their recipe's digest.
    public var goldens: Set<String>

    public init(guests: [String: ExistingGuest] = [:], goldens: Set<String> = []) {
        self.guests = guests
        self.goldens = goldens
    }
}

extension FleetReality {
    /// From a fleet's state. `isRunning` is asked of guests whose disk can be counted on.
    public init(_ records: [GuestRecord], goldens: Set<String>, isRunning: (GuestRecord) -> Bool) {
        self.init(goldens: goldens)
        for record in records {
            let damage = record.damage
            // A start that was cut off may have left another machine running: it is started again.
            let isSettled = damage == nil && record.phase == .done
            guests[record.name] = ExistingGuest(
                golden: record.blueprint.golden, settings: record.blueprint.settings,
                isRunning: isSettled && isRunning(record), failure: damage)
        }
    }
}

/// A guest that was made.
public struct ExistingGuest: Codable, Equatable, Sendable {
    /// The digest of the recipe of the golden image under its disk.
    public var golden: String
    /// What it was made with.
    public var settings: GuestSettings
    public var isRunning: Bool
    /// Why its last start or reimaging failed; nil where it did not.
    public var failure: String?

    public init(golden: String, settings: GuestSettings, isRunning: Bool, failure: String? = nil) {
        self.golden = golden
        self.settings = settings
        self.isRunning = isRunning
        self.failure = failure
    }
}
