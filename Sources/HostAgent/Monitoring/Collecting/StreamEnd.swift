import Glibc
import Host
import Synchronization

/// Where a stream writes what it brings: one end of a pair of sockets, of which the collecting thread polls the other like any
/// machine's. What it does not read now, since the machine floods, waits here without holding a thread.
final class StreamEnd: Sendable {
    private struct State {
        var descriptor: Int32
        /// How often there was room anew.
        var rounds = 0
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state: Mutex<State>

    /// Takes the descriptor over.
    init(descriptor: Int32) {
        state = Mutex(State(descriptor: descriptor))
    }

    /// Writes all of it. Throws where nobody reads any more, or the task is cancelled.
    func write(_ bytes: [UInt8]) async throws {
        var sent = 0
        while sent < bytes.count {
            try Task.checkCancellation()
            let (count, error, round) = state.withLock { state in
                let count = bytes.withUnsafeBytes { bytes in
                    bytes.baseAddress.map {
                        send(state.descriptor, $0 + sent, bytes.count - sent, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
                    } ?? -1
                }
                return (count, errno, state.rounds)
            }
            if count > 0 {
                sent += count
            } else if error == EAGAIN {
                await room(after: round)
            } else if error != EINTR {
                throw UnixSockets.Refusal(errno: error)
            }
        }
    }

    /// Waits until there is room anew.
    private func room(after round: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isWaiting = state.withLock { state in
                    guard state.rounds == round else { return false }
                    state.waiting = continuation
                    return true
                }
                if !isWaiting { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
    }

    /// The other end was read, or closed.
    func wake() {
        let waiting = state.withLock { state in
            state.rounds += 1
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    /// No more comes.
    func finish() {
        state.withLock { state in
            if state.descriptor >= 0 { close(state.descriptor) }
            state.descriptor = -1
        }
    }

    deinit {
        finish()
    }
}
