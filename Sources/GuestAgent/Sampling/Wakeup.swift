import CSampling
import Glibc
import Synchronization
package import SystemPackage

/// A pipe that ends a wait: written to by who wants a sampler to stop, in a signal handler too.
package final class Wakeup: Sendable {
    /// Readable once it was asked for.
    package let descriptor: CInt
    private let writer: CInt
    private let isAsked = Atomic<Bool>(false)

    package init() throws(Errno) {
        var ends: [CInt] = [-1, -1]
        guard pipe_open(&ends) == 0 else { throw Errno(rawValue: errno) }
        // A full pipe is asked enough.
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        (descriptor, writer) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(writer)
    }

    /// Whether somebody asked.
    package var stopRequested: Bool { isAsked.load(ordering: .relaxed) }

    /// Asks. Two atomic stores and a write: safe in a signal handler.
    package func requestStop() {
        isAsked.store(true, ordering: .relaxed)
        var byte: UInt8 = 0
        _ = write(writer, &byte, 1)
    }
}
