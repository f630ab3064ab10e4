/// A TCP port of 127.0.0.1 that leads into a guest, besides the one for SSH.
public struct PortForward: Codable, Hashable, Sendable {
    /// On the host; nil for a free one, the same at each start.
    public var host: UInt16?
    /// In the guest.
    public var guest: UInt16

    public init(host: UInt16?, guest: UInt16) {
        self.host = host
        self.guest = guest
    }

    /// "8080:80", or "80" for any free port of the host.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let guest = parts.last.flatMap({ UInt16($0) }), guest > 0 else { return nil }
        self.guest = guest
        if parts.count == 2 {
            guard let host = UInt16(parts[0]), host > 0 else { return nil }
            self.host = host
        }
    }

    /// The most of one VM.
    public static let limit = 64

    /// QEMU's words for it; port 0 lets the kernel choose.
    var argument: String { "hostfwd=tcp:127.0.0.1:\(host ?? 0)-:\(guest)" }
}
