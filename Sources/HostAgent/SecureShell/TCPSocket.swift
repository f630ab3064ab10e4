import Glibc

/// A connected, non-blocking TCP socket; closed with the last reference.
final class TCPSocket {
    let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        _ = Glibc.close(descriptor)
    }

    /// Why a connection could not be made, in words.
    struct ConnectError: Error {
        var seen: String
    }

    /// Connects to the first address of `endpoint` that answers.
    ///
    /// - Throws: ``ConnectError``, `CancellationError`, ``ConnectionClosed``.
    static func connect(
        to endpoint: SSHEndpoint, until deadline: ContinuousClock.Instant, interrupt: Interrupt
    ) throws -> TCPSocket {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(endpoint.host, String(endpoint.port), &hints, &found)
        guard status == 0 else {
            throw ConnectError(
                seen: "the name \(endpoint.host) does not resolve: \(String(cString: gai_strerror(status)))")
        }
        defer { freeaddrinfo(found) }
        let addresses = Array(sequence(first: found) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { $0 })
        var seen = "the name \(endpoint.host) has no address"
        for (index, address) in addresses.enumerated() {
            // An address that swallows packets must leave time for the ones after it.
            let share = ContinuousClock.now.duration(to: deadline) / (addresses.count - index)
            do {
                return try connect(address.pointee, until: ContinuousClock.now + share, interrupt: interrupt)
            } catch let error as ConnectError {
                seen = error.seen
            }
        }
        throw ConnectError(seen: seen)
    }

    private static func connect(
        _ address: addrinfo, until deadline: ContinuousClock.Instant, interrupt: Interrupt
    ) throws -> TCPSocket {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = Glibc.socket(address.ai_family, type, address.ai_protocol)
        guard descriptor >= 0 else { throw ConnectError(seen: "socket: \(systemMessage(errno))") }
        let socket = TCPSocket(descriptor: descriptor)
        if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) != 0 {
            guard errno == EINPROGRESS else { throw ConnectError(seen: "connect: \(systemMessage(errno))") }
            guard
                try waitForSocket(descriptor, events: Int16(POLLOUT), until: deadline, interrupt: interrupt) != 0
            else { throw ConnectError(seen: "no answer to the TCP connection") }
            var error: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
            guard error == 0 else { throw ConnectError(seen: "connect: \(systemMessage(error))") }
        }
        // Requests are small and wait for answers: Nagle's algorithm would add its delay to each of them.
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        return socket
    }
}

/// The text of an errno value.
func systemMessage(_ code: Int32) -> String {
    String(cString: strerror(code))
}
