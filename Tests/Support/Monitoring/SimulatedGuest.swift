import Glibc
public import Telemetry

/// A VM's telemetry socket, as QEMU offers it: one listener at a time, what is said goes out at once. Blocks while nobody
/// listens, at most a minute.
public final class SimulatedGuest: @unchecked Sendable {
    public let path: String
    private let listening: Int32
    private var client: Int32 = -1
    private var sequence: UInt64 = 0

    public struct Trouble: Error {
        public var words: String
    }

    /// Offers its socket at `path`.
    public init(path: String) throws {
        self.path = path
        unlink(path)
        listening = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < 108 else { throw Trouble(words: "the path is too long: \(path)") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let listening = listening
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listening, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0, listen(listening, 4) == 0 else { throw Trouble(words: "cannot listen at \(path)") }
    }

    /// Says hello, as the sampler `sampler`.
    public func hello(sampler: String = "one", interval: Double = 1) throws {
        sequence = 0
        let hello = TelemetryHello(
            agent: "1.0.0", sampler: sampler, bootID: "boot", hostname: "guest", intervalSeconds: interval)
        try say(TelemetryMessage(body: .hello(hello)))
    }

    /// Says a sample.
    public func say(_ sample: TelemetrySample, age: Double = 0) throws {
        sequence += 1
        try say(TelemetryMessage(sequence: sequence, ageSeconds: age, body: .sample(sample)))
    }

    public func say(_ message: TelemetryMessage) throws {
        try write(TelemetryLine.encode(message) + [UInt8(ascii: "\n")])
    }

    /// Sends bytes as they are.
    public func write(_ bytes: [UInt8]) throws {
        let client = try listener()
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                bytes.baseAddress.map { send(client, $0 + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) } ?? -1
            }
            guard count > 0 else { throw Trouble(words: "the listener is gone") }
            sent += count
        }
    }

    private func listener() throws -> Int32 {
        if client >= 0 { return client }
        var waiting = [pollfd(fd: listening, events: Int16(POLLIN), revents: 0)]
        guard poll(&waiting, 1, 60_000) == 1 else { throw Trouble(words: "nobody listens at \(path)") }
        client = accept(listening, nil, nil)
        guard client >= 0 else { throw Trouble(words: "nobody came") }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        return client
    }

    /// Ends the connection, and waits for the next listener with the next word.
    public func hangUp() {
        if client >= 0 { close(client) }
        client = -1
    }

    deinit {
        hangUp()
        close(listening)
        unlink(path)
    }
}
