/// A user who may use a card's device nodes (/dev/vfio/N), so that QEMU need not run as root.
public struct CardGrant: Equatable, Sendable {
    public var name: String
    public var id: UInt32

    /// A user by name and number.
    public init(name: String, id: UInt32) {
        self.name = name
        self.id = id
    }
}
