/// Where a fleet's state is kept. One writer at a time; what a function has returned from is on disk.
public protocol FleetKeeper: Sendable {
    /// Guests that are there, or were being made.
    func guests(of fleet: String) throws -> [GuestRecord]
    /// Writes one.
    func put(_ guest: GuestRecord) throws
    /// Forgets one.
    func remove(guest: String, of fleet: String) throws
    /// The golden images under the disks of all fleets' guests, by digest.
    func goldensInUse() throws -> Set<String>
}
