/// A machine whose sampler may be heard.
public struct TelemetrySource: Sendable {
    /// How.
    public enum Access: Sendable {
        /// The unix socket of QEMU's virtio-serial port.
        case socket(String)
        /// Whatever else brings its lines: SSH.
        case stream(any TelemetryStream)
        /// Not now: the machine does not run, or something else is missing.
        case waiting(String)
        case stopped
    }

    /// The label `vm`.
    public var name: String
    public var access: Access

    /// A machine.
    public init(name: String, access: Access) {
        self.name = name
        self.access = access
    }
}

/// Which machines there are, asked again and again: they come and go. Looks at files alone, so that it cannot hang.
public protocol TelemetrySources: Sendable {
    func machines() -> [TelemetrySource]
}

/// A sampler's lines by other means than a socket.
public protocol TelemetryStream: Sendable {
    /// Hands over what arrives, as it arrives, until the connection ends; it is called again after a while. `take` waits where a
    /// machine says more than is read. Cancelled where nobody listens any more.
    func follow(_ take: @Sendable ([UInt8]) async throws -> Void) async throws
}
