import Contract
import Glibc
import Host
import Telemetry

/// The collecting thread's work: one poll over all sockets. Used by one thread at a time.
final class CollectorLoop: @unchecked Sendable {
    struct Settings: Sendable {
        var folder: String
        var sources: any TelemetrySources
        var hub: TelemetryHub
        var mustCollect: Bool
        /// Seconds since 1970.
        var clock: @Sendable () -> Double

        var socket: String { "\(folder)/live.sock" }
        var lock: String { "\(folder)/collector.lock" }
    }

    /// How often it is looked which machines there are, in seconds.
    private static let lookEvery = 2.0
    /// How long a flooding machine is not read, in seconds: discarding costs time too.
    private static let floodPause = 0.1

    let settings: Settings
    private let wake: Wake
    var lock: LockFile?
    var listening: Int32 = -1
    var listeners: [RelayClient] = []
    /// To the collector, where this process follows one.
    private var leader: Int32 = -1
    private var leaderLines = TelemetryLines(limit: RelayLine.limit)
    var nextLeader = 0.0
    /// Machines that the collector has not named yet.
    private var unnamed: Set<String> = []
    var connections: [String: MachineConnection] = [:]
    var nextLook = 0.0
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)

    init(_ settings: Settings, wake: Wake) {
        self.settings = settings
        self.wake = wake
    }

    deinit {
        buffer.deallocate()
    }

    private var hub: TelemetryHub { settings.hub }

    /// Steady seconds.
    var steady: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: Roles

    /// Becomes the collector where nobody is it, or where it must; else follows.
    func takeRole() throws -> TelemetryCollector.Role {
        let operation = "collect telemetry"
        do {
            let end = steady + Self.handOverLimit
            while true {
                if let lock = try LockFile.take(settings.lock) {
                    listening = try UnixSockets.listen(at: settings.socket)
                    self.lock = lock
                    return .collector
                }
                guard settings.mustCollect else { return .follower }
                switch takeOver() {
                case .taken: return .collector
                // It begins or ends just now, and has no socket in that moment: nothing tells when it has.
                case .gone where steady < end: _ = Glibc.poll(nil, 0, 20)
                case .gone, .refused, .silent:
                    let holder = LockFile.holder(of: settings.lock).map { " (process \($0))" } ?? ""
                    throw Failure(
                        .runLocked, operation: operation, message: "Another process collects here\(holder).",
                        remedy: "Use that one, stop it, or choose another place with --state.", retryable: true,
                        side: .host)
                }
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            let seen = (error as? UnixSockets.Refusal)?.words ?? "\(error)"
            throw Failure(
                .hostSpace, operation: operation, message: "\(settings.folder) cannot be used: \(seen).",
                remedy: "Look at the folder's owner and at the free space.", side: .host)
        }
    }

    // MARK: The loop

    func run() {
        while !wake.isStopping {
            let now = steady
            if lock == nil { lead(now) }
            if now >= nextLook {
                look(now)
                nextLook = now + Self.lookEvery
            }
            for name in connections.keys { connect(name, now) }
            poll(until: nextMoment(after: now))
        }
        for name in connections.keys { connections[name]?.hangUp() }
        for listener in listeners { close(listener.descriptor) }
        for descriptor in [leader, listening] where descriptor >= 0 { close(descriptor) }
        if lock != nil { unlink(settings.socket) }
        lock = nil
    }

    private func nextMoment(after now: Double) -> Double {
        var next = nextLook
        if lock == nil, leader < 0 { next = min(next, nextLeader) }
        for connection in connections.values {
            if connection.descriptor < 0 { next = min(next, connection.nextAttempt) }
            if connection.pausedUntil > now { next = min(next, connection.pausedUntil) }
        }
        return next
    }

    private func poll(until next: Double) {
        var polled = [pollfd(fd: wake.reading, events: Int16(POLLIN), revents: 0)]
        var names: [String] = []
        let now = steady
        for (name, connection) in connections where connection.descriptor >= 0 && connection.pausedUntil <= now {
            polled.append(pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0))
            names.append(name)
        }
        let firstOther = polled.count
        if leader >= 0 { polled.append(pollfd(fd: leader, events: Int16(POLLIN), revents: 0)) }
        if listening >= 0, listeners.count < RelayClient.most {
            polled.append(pollfd(fd: listening, events: Int16(POLLIN), revents: 0))
        }
        let firstListener = polled.count
        for listener in listeners {
            let events = POLLIN | (listener.backlog.count > 0 ? POLLOUT : 0)
            polled.append(pollfd(fd: listener.descriptor, events: Int16(events), revents: 0))
        }
        let timeout = max(0, min(60_000, ((next - now) * 1000).rounded(.up)))
        guard Glibc.poll(&polled, nfds_t(polled.count), Int32(timeout)) > 0 else { return }
        for (name, entry) in zip(names, polled[1..<firstOther]) where entry.revents != 0 { read(name) }
        // From the end: those that left are taken out.
        for (place, entry) in zip(listeners.indices, polled[firstListener...]).reversed() where entry.revents != 0 {
            serve(place, entry.revents)
            // It was handed all over, and the rest is of before.
            if lock == nil { return }
        }
        for entry in polled[firstOther..<firstListener] where entry.revents != 0 {
            if entry.fd == leader { readLeader() } else { accept() }
        }
    }

    // MARK: Machines

    /// Sees which machines there are.
    private func look(_ now: Double) {
        var here: Set<String> = []
        for source in settings.sources.machines() {
            // Who follows has its machines from the collector, but for those that only it was told of.
            if lock == nil {
                guard case .stream = source.access else { continue }
            }
            here.insert(source.name)
            if connections[source.name] == nil { connections[source.name] = MachineConnection() }
            switch source.access {
            case .socket(let path): connections[source.name]?.way = .socket(path)
            case .stream(let stream): connections[source.name]?.way = .stream(stream)
            case .waiting(let why): rest(source.name, .waiting(why))
            case .stopped: rest(source.name, .stopped)
            }
        }
        for name in connections.keys where !here.contains(name) {
            connections[name]?.hangUp()
            connections[name] = nil
            relay(RelayLine(machine: name, time: settings.clock(), .gone))
        }
        if lock != nil { hub.keepOnly(here) }
    }

    private func rest(_ name: String, _ link: TelemetryLink) {
        connections[name]?.rest()
        tell(name, link)
    }

    private func tell(_ name: String, _ link: TelemetryLink) {
        let time = settings.clock()
        hub.take(link, of: name, at: time)
        guard connections[name]?.told != link else { return }
        connections[name]?.told = link
        relay(RelayLine(machine: name, time: time, .link(link)))
    }

    private func connect(_ name: String, _ now: Double) {
        guard var connection = connections[name], let way = connection.way, connection.descriptor < 0,
            now >= connection.nextAttempt
        else { return }
        do throws(UnixSockets.Refusal) {
            switch way {
            case .socket(let path): connection.descriptor = try UnixSockets.connect(to: path)
            case .stream(let stream): connection.follow(stream)
            }
            connection.lines.restart()
            connection.connectedAt = now
            if connection.descriptor < 0 { connection.putOff(at: now) }
            connections[name] = connection
            if case .socket = way { tell(name, .connected) }
        } catch {
            connection.putOff(at: now)
            connections[name] = connection
            tell(name, .waiting(error.isAbsent ? "the VM offers no telemetry port" : error.words))
        }
    }

    private func read(_ name: String) {
        guard var connection = connections[name] else { return }
        // The connection is not in the dictionary while it works, so that its buffers are not copied.
        connections[name] = nil
        defer { connections[name] = connection }
        let count = Glibc.read(connection.descriptor, buffer.baseAddress, buffer.count)
        let now = steady
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        connection.spoke()
        guard count > 0 else {
            let words = connection.endOfStream()
            connection.putOff(at: now)
            connection.hangUp()
            connection.told = .waiting(words)
            let time = settings.clock()
            hub.take(.waiting(words), of: name, at: time)
            relay(RelayLine(machine: name, time: time, .link(.waiting(words))))
            return
        }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        let flooded = connection.lines.flooded
        if connection.budget.allows(bytes: count, at: now) {
            let arrival = settings.clock()
            if connection.told != .connected {
                connection.told = .connected
                hub.take(.connected, of: name, at: arrival)
                relay(RelayLine(machine: name, time: arrival, .link(.connected)))
            }
            var unread = 0
            let budget = connection.budget
            connection.budget = take(bytes, of: name, at: arrival, budget, lines: &connection.lines, unread: &unread)
            if unread > 0 { hub.lose(floodedBytes: unread, of: name) }
        } else {
            connection.lines.discard(bytes)
            connection.pausedUntil = now + Self.floodPause
        }
        if connection.lines.flooded > flooded { hub.lose(floodedBytes: connection.lines.flooded - flooded, of: name) }
    }

    private func take(
        _ bytes: UnsafeRawBufferPointer, of name: String, at arrival: Double, _ budget: TelemetryBudget,
        lines: inout TelemetryLines, unread: inout Int
    ) -> TelemetryBudget {
        var budget = budget
        lines.take(bytes) { line in
            guard budget.takeLine() else {
                unread += line.count
                return
            }
            do {
                hub.take(try TelemetryLine.decode(line), of: name, at: arrival)
                if !listeners.isEmpty {
                    relay(RelayLine.prefix(name, arrival) + line + [UInt8(ascii: "\n")], of: name, isMessage: true)
                }
            } catch {
                hub.lose(nonsense: 1, of: name)
            }
        }
        return budget
    }

    // MARK: The relay

    private func relay(_ line: RelayLine) {
        if !listeners.isEmpty { relay(line.bytes, of: line.machine, isMessage: false) }
    }

    private func relay(_ bytes: [UInt8], of machine: String, isMessage: Bool) {
        for place in listeners.indices.reversed() {
            listeners[place].backlog.add(bytes, of: machine, isMessage: isMessage)
            push(place)
        }
    }

    /// Sends a listener what can be sent now; it is let go where it is gone.
    private func push(_ place: Int) {
        guard listeners[place].flush() else { return letGo(place) }
        listeners[place].backlog.catchUp(introduction)
        if !listeners[place].flush() { letGo(place) }
    }

    private func introduction(_ machine: String) -> [UInt8] {
        hub.known(machine).map { RelayLine.introduction(of: $0) }
            ?? RelayLine(machine: machine, time: settings.clock(), .gone).bytes
    }

    private func letGo(_ place: Int) {
        close(listeners[place].descriptor)
        listeners.remove(at: place)
    }

    /// A listener has room again, asks for something, or is gone.
    private func serve(_ place: Int, _ events: Int16) {
        if events & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
            let count = Glibc.read(listeners[place].descriptor, buffer.baseAddress, buffer.count)
            if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return letGo(place) }
            var asksForAll = false
            listeners[place].words.take(UnsafeRawBufferPointer(rebasing: buffer[..<max(0, count)])) { line in
                if line.elementsEqual(RelayLine.handOver.dropLast()) { asksForAll = true }
            }
            if asksForAll { return handOver(to: listeners.remove(at: place)) }
        }
        push(place)
    }

    private func accept() {
        let descriptor = Glibc.accept(listening, nil, nil)
        guard descriptor >= 0 else { return }
        UnixSockets.prepare(descriptor)
        var listener = RelayClient(descriptor: descriptor)
        for machine in hub.everything(at: settings.clock()).machines {
            listener.backlog.add(RelayLine.introduction(of: machine), of: machine.name, isMessage: false)
        }
        listener.backlog.insist(RelayLine(machine: RelayLine.nobody, time: settings.clock(), .introduced).bytes)
        listeners.append(listener)
        push(listeners.count - 1)
    }

    /// Follows the collector, or takes over where there is none any more.
    private func lead(_ now: Double) {
        guard leader < 0, now >= nextLeader else { return }
        nextLeader = now + 1
        if let descriptor = try? UnixSockets.connect(to: settings.socket) {
            leader = descriptor
            leaderLines.restart()
            unnamed = Set(hub.everything(at: now).machines.map(\.name))
        } else if (try? takeRole()) == .collector {
            nextLook = now
        } else {
            let time = settings.clock()
            for machine in hub.everything(at: time).machines where connections[machine.name] == nil {
                hub.take(.waiting("the collecting process ended"), of: machine.name, at: time)
            }
        }
    }

    private func readLeader() {
        let count = Glibc.read(leader, buffer.baseAddress, buffer.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else {
            close(leader)
            leader = -1
            // There is another at once, or this is it: nothing is told of machines that nobody has lost.
            nextLeader = 0
            return
        }
        leaderLines.take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { line in
            if let line = RelayLine(line) { hear(line) }
        }
    }

    /// Takes what the collector tells. What this process hears itself, of machines that only it was told of, it knows better.
    func hear(_ line: RelayLine) {
        guard connections[line.machine] == nil else { return }
        unnamed.remove(line.machine)
        switch line.content {
        case .link(let link): hub.take(link, of: line.machine, at: line.time)
        case .past(let past): hub.take(past, of: line.machine)
        case .missed(let count): hub.lose(missed: count, of: line.machine)
        case .gone: hub.forget(line.machine)
        case .introduced:
            for name in unnamed where connections[name] == nil { hub.forget(name) }
            unnamed = []
        case .message(let bytes):
            guard let message = try? TelemetryLine.decode(bytes) else { return }
            hub.take(message, of: line.machine, at: line.time)
        case .socket, .lock, .refused: break
        }
    }
}
