import CLibSSH2
import Contract

/// One channel of a session. It keeps the session alive, so that channels are freed first.
final class Channel {
    let raw: OpaquePointer
    let session: Session

    /// What the remote command writes to.
    enum Stream: Int32 {
        case stdout = 0
        case stderr = 1
    }

    /// Opens a channel.
    init(session: Session, until deadline: ContinuousClock.Instant) throws {
        self.session = session
        var opened: OpaquePointer?
        try session.perform(until: deadline) {
            opened = libssh2_channel_open_ex(
                session.raw, "session", 7, Channel.window, UInt32(LIBSSH2_CHANNEL_PACKET_DEFAULT), nil, 0)
            return opened == nil ? libssh2_session_last_errno(session.raw) : 0
        }
        guard let opened else { throw LibraryError(code: 0, text: "no channel was opened") }
        raw = opened
    }

    deinit {
        session.release(channel: raw)
    }

    /// Bytes that the server may send ahead of us: libssh2's default, a macro that Swift cannot import.
    private static let window: UInt32 = 2 << 20

    /// Starts a command by the user's login shell.
    func execute(_ command: String, until deadline: ContinuousClock.Instant) throws {
        try session.perform(until: deadline) {
            libssh2_channel_process_startup(raw, "exec", 4, command, UInt32(command.utf8.count))
        }
    }

    /// Bytes read, 0 at the end or while there is nothing; `LIBSSH2_ERROR_EAGAIN`.
    func read(_ stream: Stream, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = libssh2_channel_read_ex(
            raw, stream.rawValue, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
        if count < 0, count != Int(LIBSSH2_ERROR_EAGAIN) { throw session.lastError(Int32(count)) }
        return count
    }

    /// Bytes written, 0 where the server's window is full; `LIBSSH2_ERROR_EAGAIN`.
    func write(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        let count = libssh2_channel_write_ex(
            raw, 0, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        if count < 0, count != Int(LIBSSH2_ERROR_EAGAIN) { throw session.lastError(Int32(count)) }
        return count
    }

    /// Whether the server has sent its last byte and all was read.
    var atEnd: Bool { libssh2_channel_eof(raw) == 1 }

    /// The exit status, 128 + n for signal n. Meaningful once the server has closed the channel.
    var exitStatus: Int32 {
        var name: UnsafeMutablePointer<CChar>?
        var length = 0
        libssh2_channel_get_exit_signal(raw, &name, &length, nil, nil, nil, nil)
        guard let name else { return libssh2_channel_get_exit_status(raw) }
        defer { libssh2_free(session.raw, name) }
        return 128 + (Self.signals[String(cString: name)] ?? 0)
    }

    /// Numbers of the signal names in RFC 4254, as Linux has them.
    private static let signals: [String: Int32] = [
        "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "ABRT": 6, "FPE": 8, "KILL": 9, "USR1": 10, "SEGV": 11, "USR2": 12,
        "PIPE": 13, "ALRM": 14, "TERM": 15,
    ]
}
