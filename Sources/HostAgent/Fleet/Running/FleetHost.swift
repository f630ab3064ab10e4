public import Passthrough
public import Provisioner

/// What builds golden images and makes guests: a host, or a simulated one.
public protocol FleetHost: Sendable {
    /// Builds the golden image of `digest`, as `settings` say; returns once it is whole and in place. Begun before and cut off,
    /// it goes on.
    func build(
        _ digest: String, _ settings: GuestSettings, gpus: [PCIAddress],
        progress: @escaping @Sendable (Progress) -> Void
    ) async throws

    /// Does with a guest what `action` says. May be begun again after any crash. Returns what the guest showed, where it was
    /// started.
    func perform(
        _ action: FleetPlan.Action, _ guest: GuestBlueprint, gpus: [PCIAddress],
        progress: @escaping @Sendable (Progress) -> Void
    ) async throws -> GuestStart?

    /// Stops a guest; its disk stays.
    func stop(_ guest: GuestBlueprint, progress: @escaping @Sendable (Progress) -> Void) async throws
}
