import Contract
import Glibc
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
    /// Attempts since it last spoke, or, over SSH, since a connection last lasted.
    private(set) var attempts = 0
    /// What listeners were told of its link.
    var told: TelemetryLink?
    /// What brings a stream's lines, and through what.
    private var following: (task: Task<Void, Never>, end: StreamEnd)?
    private var complaint = Complaint()

    init() {}

    /// Goes on with a connection that another process has handed over.
    init(taking descriptor: Int32, _ unfinished: TelemetryLines.Unfinished) {
        self.descriptor = descriptor
        lines = TelemetryLines(from: unfinished)
        told = .connected
    }

    var isStream: Bool { if case .stream = way { true } else { false } }

    /// How long a connection over SSH must have lasted, in seconds, to be worth another at once: one that says a word and dies, again
    /// and again, would be a login each half second else.
    static let lasting = 60.0

    /// An attempt failed, or a connection ended, at `now`: the next waits twice as long as the last. A socket of this host costs
    /// nothing to try, a login does.
    mutating func putOff(at now: Double) {
        if isStream, descriptor >= 0, now - connectedAt >= Self.lasting { attempts = 0 }
        attempts += 1
        nextAttempt = now + min(isStream ? 30 : 1, 0.25 * Double(1 << min(attempts, 8)))
    }

    /// Bytes came.
    mutating func spoke() {
        if !isStream { attempts = 0 }
        following?.end.wake()
    }

    /// Is not to be reached now.
    mutating func rest() {
        hangUp()
        (way, nextAttempt, attempts) = (nil, 0, 0)
    }

    /// Ends the connection, where there is one.
    mutating func hangUp() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        following?.task.cancel()
        following?.end.wake()
        following = nil
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
        let end = StreamEnd(descriptor: ends[1])
        let complaint = Complaint()
        self.complaint = complaint
        let task = Task {
            do {
                try await stream.follow { try await end.write($0) }
            } catch {
                complaint.note(error)
            }
            end.finish()
        }
        following = (task, end)
    }
}

/// Why a stream ended, told from its task to the collecting thread.
private final class Complaint: Sendable {
    private let text = Mutex<String?>(nil)

    var words: String? { text.withLock { $0 } }

    func note(_ error: any Error) {
        var words = "\(error)"
        // The last that was seen tells most: what the command said before it ended.
        if let failure = error as? Failure {
            words = ([failure.message] + failure.evidence.suffix(1)).joined(separator: " ")
        }
        words = Printable.line(words, limit: TelemetryLimits.text)
        text.withLock { $0 = words }
    }
}
