public import Contract
import Dispatch
import Glibc
import Host
import Synchronization

/// A connection to QEMU's machine protocol (QMP).
///
/// QEMU serves one client per socket: a second one is accepted and never greeted. Every wait here has a deadline, so that
/// this is told in words. All functions throw ``Failure``s, or CancellationError where the task is cancelled.
public final class QMPClient: Sendable {
    private struct State {
        enum Phase: Equatable { case waitingForGreeting, open, closed }
        var phase = Phase.waitingForGreeting
        var lines = LineBuffer(limit: 16 << 20)
        var nextID = 1
        /// Commands without an answer yet; 0 is the greeting.
        var pending: [Int: CheckedContinuation<JSONValue, any Error>] = [:]
        var nextListener = 0
        var listeners: [Int: AsyncStream<QMPEvent>.Continuation] = [:]
        var recentEvents: [QMPEvent] = []
    }

    private let path: String
    private let descriptor: Int32
    private let queue: DispatchQueue
    private let state = Mutex(State())

    /// Connects, waits for QEMU's greeting and leaves its negotiation mode.
    ///
    /// - Parameters:
    ///   - path: The socket, of any length.
    ///   - deadline: How long QEMU may take for each of the two.
    /// - Returns: A connection that takes commands.
    /// - Throws: ``FailureCode/runLocked`` where another client has the socket, ``FailureCode/qemuFailed`` where nobody
    ///   listens on it.
    public static func connect(socket path: String, deadline: Duration = .seconds(10)) async throws -> QMPClient {
        let descriptor: Int32
        do {
            descriptor = try UnixSockets.connect(to: path)
        } catch {
            if error.isBusy { throw busy(path) }
            throw Failure(
                .qemuFailed, operation: "talk to QEMU", message: "\(path) cannot be reached: \(errorText(error.errno))",
                remedy: "The virtual machine may have ended: look at qemu.log beside the socket.", retryable: true,
                side: .host)
        }
        let client = QMPClient(path: path, descriptor: descriptor)
        do {
            _ = try await client.answer(to: 0, deadline: deadline, late: busy(path)) {}
            _ = try await client.execute("qmp_capabilities", deadline: deadline)
        } catch {
            client.close()
            throw error
        }
        return client
    }

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
        queue = DispatchQueue(label: "QMP \(path)")
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        // The source keeps the client, and the client the source, until the connection is closed from either side.
        source.setEventHandler { [self] in
            if !receive() { source.cancel() }
        }
        source.setCancelHandler { [self] in
            Glibc.close(descriptor)
            finish()
        }
        source.resume()
    }

    /// Runs a command.
    ///
    /// - Parameters:
    ///   - command: QMP's name, "query-status".
    ///   - arguments: The command's arguments.
    ///   - deadline: How long QEMU may take. Plugging a device that pins much memory takes long.
    /// - Returns: What the command returned; an empty object for most that only do something.
    /// - Throws: ``FailureCode/qemuFailed`` with QEMU's words where it refuses, ``FailureCode/deadline``, or
    ///   ``FailureCode/qemuExited`` where the connection ends.
    @discardableResult
    public func execute(
        _ command: String, arguments: [String: JSONValue] = [:], deadline: Duration = .seconds(20)
    ) async throws -> JSONValue {
        let id = state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
        let bytes = try QMPMessage.command(command, arguments: arguments, id: id)
        let late = Failure(
            .deadline, operation: "talk to QEMU", message: "QEMU did not answer \(command) within \(deadline).",
            remedy: "Look at qemu.log beside \(path); the process may be stuck in the kernel.", retryable: true,
            side: .host)
        do {
            return try await answer(to: id, deadline: deadline, late: late) { [self] in send(bytes) }
        } catch let refusal as Refusal {
            throw Failure(
                .qemuFailed, operation: "talk to QEMU", message: "QEMU refused \(command): \(refusal.description)",
                evidence: [String(decoding: bytes.dropLast(), as: UTF8.self)],
                remedy: "Look at qemu.log beside \(path).", side: .host)
        }
    }

    /// Events from now on. The stream ends when QEMU closes the connection.
    public func events() -> AsyncStream<QMPEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: QMPEvent.self, bufferingPolicy: .bufferingNewest(1024))
        let key = state.withLock { state -> Int? in
            guard state.phase != .closed else { return nil }
            defer { state.nextListener += 1 }
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        guard let key else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.listeners[key] = nil }
        }
        return stream
    }

    /// The last events, oldest first, so that one that came before anybody listened is not lost.
    public var recentEvents: [QMPEvent] { state.withLock { $0.recentEvents } }

    /// Whether the connection is gone.
    public var isClosed: Bool { state.withLock { $0.phase == .closed } }

    /// Ends the connection; QEMU then serves the next client. Commands under way fail.
    public func close() {
        // Not close(2): the descriptor belongs to the read source, which sees the end and closes it.
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    // MARK: - Waiting

    /// QEMU said no.
    private struct Refusal: Error { var description: String }

    /// Registers a wait for `id`, starts it, and ends it by the answer, the deadline, cancellation or the end of the
    /// connection, whichever is first.
    private func answer(
        to id: Int, deadline: Duration, late: Failure, start: @escaping @Sendable () -> Void
    ) async throws -> JSONValue {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let alreadyGreeted = state.withLock { state -> Bool? in
                    if state.phase == .closed { return nil }
                    if id == 0, state.phase == .open { return true }
                    state.pending[id] = continuation
                    return false
                }
                guard let alreadyGreeted else { return continuation.resume(throwing: gone()) }
                if alreadyGreeted { return continuation.resume(returning: .null) }
                // Cancelled before the wait was registered: the handler below found nothing to end.
                if Task.isCancelled { return settle(id, with: .failure(CancellationError())) }
                queue.asyncAfter(deadline: .now() + deadline.dispatchInterval) { [weak self] in
                    self?.settle(id, with: .failure(late))
                }
                start()
            }
        } onCancel: {
            settle(id, with: .failure(CancellationError()))
        }
    }

    private func settle(_ id: Int, with result: Result<JSONValue, any Error>) {
        state.withLock { $0.pending.removeValue(forKey: id) }?.resume(with: result)
    }

    private func gone() -> Failure {
        Failure(
            .qemuExited, operation: "talk to QEMU", message: "QEMU closed the connection.",
            evidence: [path], remedy: "Look at qemu.log beside the socket.", retryable: true, side: .host)
    }

    private static func busy(_ path: String) -> Failure {
        Failure(
            .runLocked, operation: "talk to QEMU", message: "QEMU does not greet on \(path): another client has it.",
            evidence: processesHolding(path).map { "process \($0.pid) (\($0.name))" },
            remedy: "End the other command that works on this virtual machine, or wait for it.", retryable: true,
            side: .host)
    }

    // MARK: - The socket

    private func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Commands are small and QEMU reads them one by one; a full buffer means that it is stuck.
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                guard poll(&ready, 1, 1000) > 0 else { return }
            } else if errno != EINTR {
                return
            }
        }
    }

    /// Reads what is there; false at the end of the connection. Runs on the queue.
    private func receive() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 {
                let lines = state.withLock { $0.lines.append(buffer[..<count]) }
                for line in lines where !line.allSatisfy({ $0 <= UInt8(ascii: " ") }) { handle(QMPMessage(line: line)) }
            } else if count < 0 && errno == EINTR {
                continue
            } else {
                return count < 0 && errno == EAGAIN
            }
        }
    }

    private func handle(_ message: QMPMessage) {
        switch message {
        case .greeting:
            state.withLock { state in
                if state.phase == .waitingForGreeting { state.phase = .open }
            }
            settle(0, with: .success(.null))
        case .success(let id, let value): settle(id, with: .success(value))
        case .failure(let id?, let description): settle(id, with: .failure(Refusal(description: description)))
        case .failure(nil, _), .nonsense: break
        case .event(let event):
            let listeners = state.withLock { state in
                state.recentEvents = state.recentEvents.suffix(63) + [event]
                return Array(state.listeners.values)
            }
            for listener in listeners { listener.yield(event) }
        }
    }

    private func finish() {
        let (pending, listeners) = state.withLock { state in
            defer {
                state.pending = [:]
                state.listeners = [:]
                state.phase = .closed
            }
            return (Array(state.pending.values), Array(state.listeners.values))
        }
        for continuation in pending { continuation.resume(throwing: gone()) }
        for listener in listeners { listener.finish() }
    }
}

extension Duration {
    /// For Dispatch, to the millisecond, a year at most.
    var dispatchInterval: DispatchTimeInterval {
        let milliseconds = components.seconds.multipliedReportingOverflow(by: 1000)
        let bounded = milliseconds.overflow ? Int64.max : milliseconds.partialValue
        return .milliseconds(
            Int(min(max(0, bounded), 31_536_000_000)) + Int(components.attoseconds / 1_000_000_000_000_000))
    }
}
