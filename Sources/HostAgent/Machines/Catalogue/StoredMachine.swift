import FoundationEssentials
public import Provisioner
public import SecureShell
public import VirtualMachines

/// What makes a VM of `start` the same one at its next start (machine.json). How it was launched last stands in vm.json.
public struct StoredMachine: Codable, Equatable, Sendable {
    public static let currentSchema = 1

    var schema = StoredMachine.currentSchema
    public var name: String
    /// Absolute.
    public var image: String
    /// Whether the guest writes to a throwaway disk, as it was started last.
    public var isSnapshot: Bool
    public var access: Job.Access
    /// The port of 127.0.0.1 that leads to the guest's SSH.
    public var sshPort: UInt16
    /// cloud-init runs its per-instance work once for each of these.
    public var instanceID: String
    /// Seconds since 1970.
    public var createdAt: Double
    /// The guest's host key, from the first contact on.
    public var hostKey: HostKeyPin?
    /// Who could log in then.
    public var user: String?
    // Nil in records of versions without them.
    /// What the guest is handed besides its VM's keys.
    public var identity: GuestIdentity?
    /// Further forwarded ports, as they were at the last start.
    public var forwards: [PortForward]?

    /// For a disk that begins.
    static func newInstanceID(_ name: String) -> String {
        "provision-gpu-vm-\(name)-\(UUID().uuidString.lowercased().prefix(8))"
    }

    /// The first contact; nil before it.
    var contact: FirstContact? {
        get { hostKey.map { FirstContact(hostKey: $0, user: user) } }
        set {
            hostKey = newValue?.hostKey
            user = newValue?.user
        }
    }
}
