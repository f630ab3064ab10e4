import Glibc
import Synchronization

/// Ends a wait in `poll` from outside: a cancelled task or a closed connection must not sit out a deadline.
final class Interrupt: Sendable {
    /// Becomes readable by ``wake()``; -1 where the process is out of descriptors, which `poll` ignores.
    let descriptor: Int32
    private let writeEnd: Int32
    private let closed = Mutex(false)

    init() {
        var ends: [Int32] = [-1, -1]
        // A pair of sockets and not a pipe: its flags are set as it is made, before another thread can fork.
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        _ = socketpair(AF_UNIX, type, 0, &ends)
        descriptor = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        for end in [descriptor, writeEnd] where end >= 0 { _ = Glibc.close(end) }
    }

    /// Makes the current wait, or the next one, look around.
    func wake() {
        // A full buffer is as readable as can be, so a failure to write is none.
        var byte: UInt8 = 0
        _ = write(writeEnd, &byte, 1)
    }

    /// From now on every wait ends with ``ConnectionClosed``.
    func close() {
        closed.withLock { $0 = true }
        wake()
    }

    /// Throws where the current task was cancelled or the connection was closed.
    func check() throws {
        if Task.isCancelled { throw CancellationError() }
        if closed.withLock({ $0 }) { throw ConnectionClosed() }
    }

    /// Forgets calls of ``wake()``; a woken wait does this before it looks around, so that no call is lost.
    func drain() {
        var bytes: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        while read(descriptor, &bytes, MemoryLayout.size(ofValue: bytes)) > 0 {}
    }
}

/// The connection was closed by ``SSHConnection/close()`` while it was in use.
struct ConnectionClosed: Error {}

/// Waits until a socket is ready.
///
/// - Returns: What `poll` says about the socket, or 0 when `deadline` passed first.
/// - Throws: `CancellationError`, ``ConnectionClosed``.
func waitForSocket(
    _ socket: Int32, events: Int16, until deadline: ContinuousClock.Instant, interrupt: Interrupt
) throws -> Int16 {
    while true {
        try interrupt.check()
        var descriptors = [
            pollfd(fd: socket, events: events, revents: 0),
            pollfd(fd: interrupt.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let ready = poll(&descriptors, nfds_t(descriptors.count), milliseconds(until: deadline))
        if descriptors[1].revents != 0 { interrupt.drain() }
        try interrupt.check()
        if ready > 0, descriptors[0].revents != 0 { return descriptors[0].revents }
        if ContinuousClock.now >= deadline { return 0 }
    }
}

/// Milliseconds until `deadline` for `poll`, rounded up so that the last millisecond is slept and not spun away. At most
/// a minute: callers loop.
private func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
    let left = ContinuousClock.now.duration(to: deadline)
    if left <= .zero { return 0 }
    if left > .seconds(60) { return 60_000 }
    let (seconds, attoseconds) = left.components
    return Int32(seconds) * 1000 + Int32(attoseconds / 1_000_000_000_000_000) + 1
}
