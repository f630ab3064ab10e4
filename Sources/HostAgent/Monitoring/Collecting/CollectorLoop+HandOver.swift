import Contract
import Glibc
import Host

/// `--collect`, which keeps what it hears, takes over from a process that only shows it. The machines' sockets, what was read of their
/// unfinished lines, the relay's socket and the lock go from one process to the other as they are: no machine notices, no word is lost,
/// and at each moment one of the two holds the lock. Should the taker die in between, the kernel closes what was on its way, and the
/// giver, which follows from then on, finds nobody to follow and collects again.
///
/// The taker comes as any listener, is introduced, and asks with ``RelayLine/handOver``; then it is sent, with the files that belong to
/// them, a line `=socket` for each machine and `=lock`, or `=refused`.
extension CollectorLoop {
    /// What came of asking.
    enum Answer {
        case taken
        /// It must collect, too.
        case refused
        /// It ended, or handed over to somebody else: the lock is worth another try.
        case gone
        /// It says nothing of it: a process of an older version, or one that is stopped.
        case silent
    }

    /// How long either side waits for the other, in seconds.
    static let handOverLimit = 5.0

    // MARK: The giver

    /// Gives everything to the listener that asked for it, and follows it from then on. The listener is the caller's no more.
    func handOver(to taker: RelayClient) {
        let end = steady + Self.handOverLimit
        defer { close(taker.descriptor) }
        do throws(UnixSockets.Refusal) {
            try deliver(taker.backlog.next, to: taker.descriptor, until: end)
            guard !settings.mustCollect, let lock else {
                let line = RelayLine(machine: RelayLine.nobody, time: 0, .refused)
                return try deliver(line.bytes[...], to: taker.descriptor, until: end)
            }
            for (name, connection) in connections where connection.descriptor >= 0 && !connection.isStream {
                let line = RelayLine(machine: name, time: 0, .socket(connection.lines.unfinished))
                try deliver(line.bytes[...], [connection.descriptor], to: taker.descriptor, until: end)
            }
            let line = RelayLine(machine: RelayLine.nobody, time: 0, .lock)
            try deliver(line.bytes[...], [lock.file, listening], to: taker.descriptor, until: end)
        } catch {
            // It is gone, or does not listen: nothing has changed.
            return
        }
        lock?.passOn()
        lock = nil
        close(listening)
        listening = -1
        for name in connections.keys where connections[name]?.isStream == false {
            connections[name]?.hangUp()
            connections[name] = nil
        }
        // They come again, to the same socket.
        for listener in listeners { close(listener.descriptor) }
        listeners = []
        (nextLeader, nextLook) = (0, 0)
    }

    private func deliver(
        _ bytes: ArraySlice<UInt8>, _ files: [Int32] = [], to socket: Int32, until end: Double
    ) throws(UnixSockets.Refusal) {
        var (rest, files) = (bytes, files)
        while !rest.isEmpty {
            do throws(UnixSockets.Refusal) {
                rest = rest.dropFirst(try PassedDescriptors.send(rest, files, over: socket))
                files = []
            } catch {
                guard error.errno == EAGAIN || error.errno == EINTR else { throw error }
                guard wait(for: POLLOUT, of: socket, until: end) else { throw UnixSockets.Refusal(errno: ETIMEDOUT) }
            }
        }
    }

    private func wait(for event: Int32, of socket: Int32, until end: Double) -> Bool {
        var polled = pollfd(fd: socket, events: Int16(event), revents: 0)
        while true {
            let left = end - steady
            guard left > 0 else { return false }
            if Glibc.poll(&polled, 1, Int32((left * 1000).rounded(.up))) > 0 { return true }
        }
    }

    // MARK: The taker

    /// Asks the process that collects for everything that it has.
    func takeOver() -> Answer {
        let end = steady + Self.handOverLimit
        guard let socket = try? UnixSockets.connect(to: settings.socket) else { return .gone }
        defer { close(socket) }
        guard (try? deliver(RelayLine.handOver[...], to: socket, until: end)) != nil else { return .gone }
        var lines = TelemetryLines(limit: RelayLine.limit)
        var files: [Int32] = []
        var taken: [String: MachineConnection] = [:]
        var answer: Answer?
        while answer == nil {
            guard wait(for: POLLIN, of: socket, until: end) else {
                answer = .silent
                break
            }
            do throws(UnixSockets.Refusal) {
                let (count, more) = try PassedDescriptors.receive(into: buffer, over: socket)
                files += more
                if count == 0 { answer = .gone }
                lines.take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { bytes in
                    guard answer == nil, let line = RelayLine(bytes) else { return }
                    switch line.content {
                    case .socket(let unfinished) where !files.isEmpty:
                        taken[line.machine] = MachineConnection(taking: files.removeFirst(), unfinished)
                    case .lock where files.count >= 2:
                        lock = LockFile.adopt(files.removeFirst(), of: settings.lock)
                        listening = files.removeFirst()
                        answer = lock == nil ? .gone : .taken
                    case .refused: answer = .refused
                    default: hear(line)
                    }
                }
            } catch {
                if error.errno != EAGAIN, error.errno != EINTR { answer = .gone }
            }
        }
        if answer == .taken {
            connections = taken
        } else {
            for name in taken.keys { taken[name]?.hangUp() }
            if listening >= 0 { close(listening) }
            listening = -1
        }
        for file in files { close(file) }
        return answer ?? .gone
    }
}
