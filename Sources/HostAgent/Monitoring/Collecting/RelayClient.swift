import Glibc

/// A process that listens to this one: what it was not sent yet, bounded.
struct RelayClient {
    /// Beyond this the listener is too slow: it is let go, and begins anew with how things are then.
    static let limit = 16 << 20

    let descriptor: Int32
    private var unsent: [UInt8] = []
    private var sent = 0

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    var hasUnsent: Bool { sent < unsent.count }

    /// False where the listener is gone or too slow.
    mutating func send(_ bytes: [UInt8]) -> Bool {
        unsent += bytes
        return flush() && unsent.count - sent <= Self.limit
    }

    /// Sends what can be sent now; false where the listener is gone.
    mutating func flush() -> Bool {
        while sent < unsent.count {
            let count = unsent.withUnsafeBytes { bytes in
                bytes.baseAddress.map { Glibc.send(descriptor, $0 + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
                    ?? 0
            }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            sent += count
        }
        unsent.removeAll(keepingCapacity: unsent.count < 1 << 20)
        sent = 0
        return true
    }
}
