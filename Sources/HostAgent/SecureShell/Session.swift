import CLibSSH2
import Contract
import Glibc

/// What libssh2 says about a call that failed. Read it at once: the next call overwrites the text.
struct LibraryError: Error {
    var code: Int32
    var text: String

    /// "text (libssh2 -43)".
    var description: String { "\(text) (libssh2 \(code))" }
}

/// The deadline of an operation passed while it waited for the network.
struct DeadlinePassed: Error {}

/// Prepares libssh2 once for the process: its own initialisation is not safe between threads.
enum Library {
    /// Zero, or libssh2's error.
    static let status: Int32 = {
        // libssh2 writes to the server with MSG_NOSIGNAL, but to an ssh-agent without: an agent that goes away must not
        // end this process. A handler that the program has set stays.
        var current = sigaction()
        sigaction(SIGPIPE, nil, &current)
        if current.__sigaction_handler.sa_handler == nil { signal(SIGPIPE, SIG_IGN) }
        return libssh2_init(0)
    }()

    /// Whether RSA keys sign with SHA-2, without which OpenSSH 8.8 and later refuse them.
    static let signsRSAWithSHA2 = libssh2_version(0x01_0B00) != nil
}

/// An SSH session over a socket: owns both, and frees the session before the socket closes.
///
/// Not Sendable, on purpose: it lives in one ``SSHConnection`` and is touched on that actor's queue only.
final class Session {
    let raw: OpaquePointer
    let endpoint: SSHEndpoint
    let interrupt: Interrupt
    private let socket: TCPSocket
    /// Set where a packet may have been sent in part: what follows would be garbage to the server.
    private(set) var brokenBy: String?
    /// Set once somebody is logged in. Before that a keepalive would break into the key exchange, which the server
    /// answers by hanging up.
    var sendsKeepalives = false
    /// Channels that wait for the server's close.
    private var closing: [OpaquePointer] = []
    /// When the server was last heard, for ``silenceLimit``.
    private var lastHeard = ContinuousClock.now

    /// A server that answers no keepalive for so long is gone, however well QEMU's TCP stack acknowledges for it.
    /// Eight keepalives: a guest under emulation that builds a kernel module is slow, not dead.
    static let silenceLimit: Duration = .seconds(120)
    /// Seconds between keepalives.
    static let keepaliveInterval: UInt32 = 15

    init(socket: TCPSocket, endpoint: SSHEndpoint, interrupt: Interrupt) throws {
        guard Library.status == 0, let raw = libssh2_session_init_ex(nil, nil, nil, nil) else {
            throw Failure(
                .internal, operation: "connect to \(endpoint)", message: "libssh2 could not be initialised.",
                remedy: "Check the installation of libssh2 and the free memory.", side: .host)
        }
        self.raw = raw
        self.socket = socket
        self.endpoint = endpoint
        self.interrupt = interrupt
        libssh2_session_set_blocking(raw, 0)
        libssh2_keepalive_config(raw, 1, Self.keepaliveInterval)
    }

    deinit {
        // The session's last words go to a socket that no longer takes any, so that nothing here can wait.
        shutdown(socket.descriptor, Int32(SHUT_RDWR))
        for _ in 0..<16 where libssh2_session_free(raw) != LIBSSH2_ERROR_EAGAIN { break }
    }

    /// The text of the last failed call.
    func lastError(_ code: Int32) -> LibraryError {
        var text: UnsafeMutablePointer<CChar>?
        libssh2_session_last_error(raw, &text, nil, 0)
        return LibraryError(code: code, text: text.map { String(cString: $0) } ?? "unknown error")
    }

    /// From now on the session is good for nothing but being freed.
    func markBroken(_ reason: String) {
        if brokenBy == nil { brokenBy = reason }
    }

    /// Calls `body` until it no longer asks to be called again.
    ///
    /// - Throws: ``LibraryError`` where the result is negative, ``DeadlinePassed``, `CancellationError`,
    ///   ``ConnectionClosed``.
    @discardableResult
    func perform(until deadline: ContinuousClock.Instant, _ body: () -> Int32) throws -> Int32 {
        while true {
            let code = body()
            if code >= 0 { return code }
            if code != LIBSSH2_ERROR_EAGAIN { throw lastError(code) }
            try wait(directions: libssh2_session_block_directions(raw), until: deadline)
        }
    }

    /// Waits until the socket is ready in one of libssh2's `directions`, sending keepalives meanwhile.
    func wait(directions: Int32, until deadline: ContinuousClock.Instant) throws {
        let sending = directions & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0
        let events = Int16(POLLIN) | (sending ? Int16(POLLOUT) : 0)
        // Between operations nobody listens, so the silence that counts begins with this wait.
        lastHeard = .now
        while true {
            var wake = min(deadline, lastHeard + Self.silenceLimit)
            // A keepalive in front of a packet that is half sent would be taken for its rest.
            if sendsKeepalives, !sending {
                var next: Int32 = 0
                if libssh2_keepalive_send(raw, &next) == 0, next > 0 {
                    wake = min(wake, .now + .seconds(Int(next)))
                }
            }
            let ready = try waitForSocket(socket.descriptor, events: events, until: wake, interrupt: interrupt)
            if ready != 0 { return }
            let now = ContinuousClock.now
            if now >= deadline { throw DeadlinePassed() }
            if now >= lastHeard + Self.silenceLimit {
                throw LibraryError(
                    code: LIBSSH2_ERROR_TIMEOUT,
                    text: "the server answered no keepalive for \(wholeSeconds(Self.silenceLimit)) s")
            }
        }
    }

    /// Closes a channel and frees it, now or later.
    ///
    /// To free a channel libssh2 waits for the server's close, which OpenSSH sends when the command has ended. That of
    /// a hung command may never come: once our own close is sent, the rest is left to ``reapChannels()``.
    func release(channel: OpaquePointer) {
        // A broken session sends nothing more, and frees its channels itself.
        guard brokenBy == nil else { return }
        let deadline = ContinuousClock.now + .milliseconds(300)
        while libssh2_channel_free(channel) == LIBSSH2_ERROR_EAGAIN {
            guard libssh2_session_block_directions(raw) & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0 else {
                closing.append(channel)
                return
            }
            guard waitToSend(until: deadline) else {
                markBroken("a channel could not be closed")
                return
            }
        }
    }

    /// Frees the channels whose close has come meanwhile.
    func reapChannels() {
        closing.removeAll { libssh2_channel_free($0) != LIBSSH2_ERROR_EAGAIN }
    }

    /// Waits in cleaning up, which neither a cancelled task nor a closed connection may cut short. False when `deadline`
    /// has passed.
    private func waitToSend(until deadline: ContinuousClock.Instant) -> Bool {
        var descriptor = pollfd(fd: socket.descriptor, events: Int16(POLLOUT), revents: 0)
        let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
        return left > 0 && poll(&descriptor, 1, Int32(left.rounded(.up))) > 0
    }

    /// Says goodbye, without waiting for it to arrive.
    func disconnect() {
        guard brokenBy == nil else { return }
        libssh2_session_disconnect_ex(raw, SSH_DISCONNECT_BY_APPLICATION, "done", "")
        markBroken("the connection was closed")
    }
}
