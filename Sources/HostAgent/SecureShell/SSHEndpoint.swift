/// Where an SSH server listens.
public struct SSHEndpoint: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Name or address; an IPv6 address stands without brackets.
    public var host: String
    /// TCP port.
    public var port: UInt16

    /// An endpoint.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// "host:port", with brackets around an IPv6 address.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
