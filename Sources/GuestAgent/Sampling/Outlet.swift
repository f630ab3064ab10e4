import CSampling
package import Glibc
package import SystemPackage

/// Where a sampler's lines go. Never blocks.
package protocol Outlet: AnyObject {
    /// Whether somebody is there to read.
    var isConnected: Bool { get }
    /// Whether nobody will ever be there again.
    var isClosed: Bool { get }
    /// What to wait for; nil for nothing but ``retryAt``. `hasMore`: there is something to write.
    func interest(hasMore: Bool) -> pollfd?
    /// When to look again though nothing happens, by the monotonic clock; nil for never.
    var retryAt: Double? { get }
    /// Looks how things are, after something happened or the time came. True where a reader is there who was not.
    func look(now: Double) -> Bool
    /// Writes what fits; 0 where nothing does.
    func write(_ bytes: ArraySlice<UInt8>) -> Int
}

/// Standard output, or another stream that is open already.
package final class StreamOutlet: Outlet {
    private let descriptor: CInt
    private var isNew = true
    package private(set) var isClosed = false

    /// POSIX: a pipe that is ready takes this much whole, so that a write never waits, on a descriptor that blocks too.
    private static let piece = 4096

    package init(_ descriptor: CInt) { self.descriptor = descriptor }

    package var isConnected: Bool { !isClosed }
    package var retryAt: Double? { nil }

    package func interest(hasMore: Bool) -> pollfd? {
        isClosed ? nil : pollfd(fd: descriptor, events: hasMore ? Int16(POLLOUT) : 0, revents: 0)
    }

    package func look(now: Double) -> Bool {
        var entry = pollfd(fd: descriptor, events: 0, revents: 0)
        if poll(&entry, 1, 0) > 0, entry.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { isClosed = true }
        defer { isNew = false }
        return isNew && !isClosed
    }

    package func write(_ bytes: ArraySlice<UInt8>) -> Int {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard !isClosed, poll(&entry, 1, 0) > 0 else { return 0 }
        guard entry.revents & Int16(POLLERR | POLLHUP | POLLNVAL) == 0 else {
            isClosed = true
            return 0
        }
        let count = bytes.prefix(Self.piece).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno != EAGAIN && errno != EINTR { isClosed = true }
        return max(0, count)
    }
}

/// A virtio-serial port. It may not be there (no such device), be held by another process, or have no host at its other
/// end: then it is waited for.
///
/// Its state is asked with poll, which tells POLLHUP at once and for ever while the host is away; what is waited for is an
/// edge-triggered epoll, which tells each change once (the kernel's virtio_console wakes its queue when the host opens or
/// closes its end, and when it has read).
package final class PortOutlet: Outlet {
    private let path: String
    private var port: CInt = -1
    private let changes: CInt
    package private(set) var isConnected = false
    package private(set) var retryAt: Double? = -.infinity

    /// Between two tries to open a port that is not there or held, and two looks whether one without a host still is.
    private static let retrySeconds = 2.0

    package init(_ path: String) throws(Errno) {
        self.path = path
        changes = changes_open()
        guard changes >= 0 else { throw Errno(rawValue: errno) }
    }

    deinit {
        if port >= 0 { close(port) }
        close(changes)
    }

    package var isClosed: Bool { false }

    package func interest(hasMore: Bool) -> pollfd? {
        port < 0 ? nil : pollfd(fd: changes, events: Int16(POLLIN), revents: 0)
    }

    package func look(now: Double) -> Bool {
        if port >= 0 && !isConnected, let at = retryAt, now >= at, access(path, F_OK) != 0 { closePort() }
        if port < 0 {
            guard now >= retryAt ?? now else { return false }
            openPort()
        }
        guard port >= 0 else {
            retryAt = now + Self.retrySeconds
            return false
        }
        changes_forget(changes)
        var entry = pollfd(fd: port, events: Int16(POLLOUT), revents: 0)
        let isAway = poll(&entry, 1, 0) > 0 && entry.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
        let isNew = !isAway && !isConnected
        isConnected = !isAway
        retryAt = isAway ? now + Self.retrySeconds : nil
        return isNew
    }

    package func write(_ bytes: ArraySlice<UInt8>) -> Int {
        guard isConnected else { return 0 }
        let count = bytes.withUnsafeBytes { Glibc.write(port, $0.baseAddress, $0.count) }
        if count >= 0 { return count }
        switch errno {
        case EAGAIN, EINTR: break
        case EPIPE:
            isConnected = false
            retryAt = -.infinity
        default: closePort()  // unplugged
        }
        return 0
    }

    private func openPort() {
        port = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard port >= 0 else { return }
        if changes_watch(changes, port) != 0 { closePort() }
    }

    private func closePort() {
        if port >= 0 { close(port) }
        port = -1
        isConnected = false
        retryAt = -.infinity
    }
}
