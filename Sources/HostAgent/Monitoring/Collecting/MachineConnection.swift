import Contract
import Glibc
import Host
import Synchronization
import Telemetry

/// One machine as the collecting thread has it.
struct MachineConnection {
    enum Way {
        case socket(String)
        case stream(any TelemetryStream)
    }

    /// How it is reached; nil while it is not to be.
    var way: Way?
    /// -1 without a connection.
    var descriptor: Int32 = -1
    var lines = TelemetryLines()
    var budget = TelemetryBudget()
    /// Steady seconds, as are the next two.
    var connectedAt = 0.0
    var nextAttempt = 0.0
    /// A flooding machine is not read until then.
    var pausedUntil = 0.0
    /// Attempts since it last said anything.
    var attempts = 0
    /// What listeners were told of its link.
    var told: TelemetryLink?
    /// What brings a stream's lines.
    var following: Task<Void, Never>?
    private var complaint = Complaint()

    /// How long to wait before the next attempt, in seconds: each time twice as long. A socket of this host costs
    /// nothing to try, a login does.
    mutating func nextPause() -> Double {
        attempts += 1
        var longest = 1.0
        if case .stream = way { longest = 30 }
        return min(longest, 0.25 * Double(1 << min(attempts, 8)))
    }

    /// Why the connection ended, in words.
    func endOfStream() -> String {
        guard case .stream = way else { return "the VM closed its telemetry port" }
        return complaint.words ?? "the connection ended"
    }

    /// Lets a stream fill one end of a pair of sockets, of which the other is polled like any machine's.
    mutating func follow(_ stream: any TelemetryStream) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0, &ends) == 0 else { return }
        descriptor = ends[0]
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        let pipe = StreamEnd(descriptor: ends[1])
        let complaint = Complaint()
        self.complaint = complaint
        following = Task {
            do {
                try await stream.follow { try pipe.write($0) }
            } catch {
                complaint.note(error)
            }
            pipe.finish()
        }
    }
}

/// Where a stream writes what it brings.
private final class StreamEnd: Sendable {
    private let descriptor: Mutex<Int32>

    init(descriptor: Int32) {
        self.descriptor = Mutex(descriptor)
    }

    /// The collecting thread reads all the time, so this waits for moments at most.
    func write(_ bytes: [UInt8]) throws {
        try descriptor.withLock { descriptor in
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes { bytes in
                    bytes.baseAddress.map { send(descriptor, $0 + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
                        ?? -1
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw UnixSockets.Refusal(errno: errno) }
                sent += count
            }
        }
    }

    func finish() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
    }

    deinit {
        finish()
    }
}

/// Why a stream ended, told from its task to the collecting thread.
private final class Complaint: Sendable {
    private let text = Mutex<String?>(nil)

    var words: String? { text.withLock { $0 } }

    func note(_ error: any Error) {
        let words = Printable.line((error as? Failure)?.message ?? "\(error)", limit: TelemetryLimits.text)
        text.withLock { $0 = words }
    }
}
