/// What a fleet should be: its guests, each complete, defaults and counts worked in.
public struct FleetManifest: Codable, Equatable, Sendable {
    /// The fleet's name: its guests' VMs are FLEET-GUEST.
    public var name: String
    /// In the order of the text.
    public var guests: [DeclaredGuest]

    /// A manifest; without guests, what a fleet is brought to that goes.
    public init(name: String, guests: [DeclaredGuest] = []) {
        self.name = name
        self.guests = guests
    }
}

/// One guest of a manifest.
public struct DeclaredGuest: Codable, Equatable, Sendable {
    public var name: String
    public var settings: GuestSettings
    /// Where it is written: the same for all of a `count`.
    public var mark: TextMark
}
