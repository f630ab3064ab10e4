import Glibc
import Host

/// A process that listens to this one.
struct RelayClient {
    /// Further ones wait in the kernel's queue: 16 backlogs are 64 MB.
    static let most = 16

    let descriptor: Int32
    var backlog = RelayBacklog()
    /// What it asks for; nothing of it is long.
    var words = TelemetryLines(limit: 64)

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Sends what can be sent now; false where the listener is gone.
    mutating func flush() -> Bool {
        while backlog.count > 0 {
            do throws(UnixSockets.Refusal) {
                backlog.took(try PassedDescriptors.send(backlog.next, [], over: descriptor))
            } catch {
                return error.errno == EAGAIN || error.errno == EINTR
            }
        }
        return true
    }
}
