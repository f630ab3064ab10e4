import Glibc
package import Telemetry

/// The kernel's log from now on, by /dev/kmsg: a record a read.
package final class KernelLog {
    /// To be polled for reading; -1 where the log cannot be read.
    package private(set) var descriptor: CInt
    private var buffer = [UInt8](repeating: 0, count: 8192)
    private var limit: RateLimit

    /// Records that are read at once.
    private static let batch = 256

    /// The log at `path`. A machine without one, or one that refuses, has no Xid errors to tell.
    package init(_ path: String, now: Double) {
        descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        if descriptor >= 0 { lseek(descriptor, 0, SEEK_END) }
        limit = RateLimit(burst: 50, perSecond: 2, now: now)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// What came since the last call: the errors, and how many more there were than are told.
    package func read(now: Double) -> (events: [XidEvent], suppressed: Int) {
        var events: [XidEvent] = []
        var suppressed = 0
        for _ in 0..<Self.batch where descriptor >= 0 {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count > 0 {
                for event in Self.events(in: buffer[..<count]) {
                    if limit.admits(at: now) { events.append(event) } else { suppressed += 1 }
                }
            } else if count < 0 && (errno == EPIPE || errno == EINVAL) {
                // Overwritten before it was read (EPIPE), or longer than the buffer: the next one.
                continue
            } else if count < 0 && (errno == EAGAIN || errno == EINTR) {
                break
            } else {
                close(descriptor)
                descriptor = -1
            }
        }
        return (events, suppressed)
    }

    private static func events(in record: ArraySlice<UInt8>) -> [XidEvent] {
        // Most records are no error of a GPU's: not worth a text.
        guard record.contains(UInt8(ascii: "X")) else { return [] }
        return record.split(separator: UInt8(ascii: "\n")).compactMap {
            XidEvent(kernelRecord: String(decoding: $0, as: UTF8.self))
        }
    }
}
