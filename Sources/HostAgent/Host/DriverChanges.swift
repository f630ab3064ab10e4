/// What the decisions about a host may change: attributes of sysfs, modules and services, a device node's owner. The
/// counterpart of ``HostTree``, which only looks; a seam, so that a test's kernel can stand in.
///
/// Nothing here throws: whether a change took place is found out by looking, never concluded from an answer.
public protocol DriverChanges: Sendable {
    /// Writes `text` to a file of sysfs, in one write(2).
    ///
    /// - Parameter deadline: How long the kernel may take. A driver's removal can wait for ever for somebody who has the
    ///   device open, out of reach of every signal; it is then left behind, and ``DriverChange/hanging(_:)`` tells of it.
    func write(_ text: String, to path: String, deadline: Duration) async -> DriverChange

    /// Runs a program that changes the host (modprobe, systemctl).
    ///
    /// - Parameter deadline: How long it may take; a module's start can hang as a write can.
    func run(_ arguments: [String], deadline: Duration) async -> DriverChange

    /// Gives a device node to a user; its group stays.
    func setOwner(_ user: UInt32, of path: String) -> DriverChange
}

/// How a change of the host ended.
public enum DriverChange: Equatable, Sendable {
    /// The kernel, or the program, accepted it.
    case accepted
    /// It was refused, in these words.
    case refused(String)
    /// It had not come back at the deadline; what was seen of the process that hangs.
    case hanging([String])
}
