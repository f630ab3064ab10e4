public import Telemetry
import Synchronization

/// What is known of all machines, shared by whoever collects, shows, serves and keeps it.
public final class TelemetryHub: Sendable {
    /// Told of all that is new, in order, on the collecting thread: it must be quick.
    public typealias Listener = @Sendable (_ machine: String, TelemetryNews) -> Void

    private struct State {
        var machines: [String: MachineTelemetry] = [:]
        var waiting: [Int: AsyncStream<Void>.Continuation] = [:]
        var lastID = 0
    }

    private let state = Mutex(State())
    private let listener: Listener?
    private let chosen: Set<String>

    /// - Parameters:
    ///   - chosen: The machines that are asked for; all where it is empty. The others are known all the same, since a process
    ///     that hears the machines hears them for further processes too.
    ///   - listener: What keeps it; nil where nothing does.
    public init(chosen: Set<String> = [], listener: Listener? = nil) {
        self.chosen = chosen
        self.listener = listener
    }

    private func isChosen(_ name: String) -> Bool { chosen.isEmpty || chosen.contains(name) }

    /// The machines that are asked for, by name.
    ///
    /// - Parameter histories: Whether with the last minutes of each GPU, which not all need.
    public func snapshot(at now: Double, histories: Bool = true) -> TelemetrySnapshot {
        snapshot(at: now, histories: histories, where: isChosen)
    }

    /// All machines, for processes that hear them through this one.
    func everything(at now: Double) -> TelemetrySnapshot { snapshot(at: now, histories: false) { _ in true } }

    /// One of them, without the last minutes of its GPUs.
    func known(_ name: String) -> MachineTelemetry? {
        state.withLock { state in
            guard var machine = state.machines[name] else { return nil }
            machine.history = [:]
            return machine
        }
    }

    private func snapshot(
        at now: Double, histories: Bool, where isAskedFor: (String) -> Bool
    ) -> TelemetrySnapshot {
        let machines = state.withLock { state in
            state.machines.values.filter { isAskedFor($0.name) }.map { machine in
                guard !histories else { return machine }
                var machine = machine
                // A copy that holds the rings would make the next sample copy them whole.
                machine.history = [:]
                return machine
            }
        }
        return TelemetrySnapshot(time: now, machines: machines.sorted { $0.name < $1.name })
    }

    /// Says that something changed, again and again; whoever is slow misses words, never the newest.
    public func updates() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.lastID += 1
            state.waiting[state.lastID] = continuation
            return state.lastID
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.waiting.removeValue(forKey: id) }
        }
        continuation.yield()
        return stream
    }

    /// Takes a message of a machine's.
    public func take(_ message: TelemetryMessage, of machine: String, at arrival: Double) {
        change(machine) { $0.take(message, at: arrival) }
    }

    /// Takes how a machine is reached.
    public func take(_ link: TelemetryLink, of machine: String, at time: Double) {
        change(machine) { $0.take(link, at: time) }
    }

    /// Notes what of a machine's words was lost.
    public func lose(nonsense: Int = 0, floodedBytes: Int = 0, missed: Int = 0, of machine: String) {
        change(machine) { machine in
            machine.losses.missed += missed
            machine.losses.nonsense += nonsense
            machine.losses.floodedBytes += floodedBytes
            return nil
        }
    }

    /// Takes what another process has heard of a machine before.
    func take(_ past: RelayedPast, of machine: String) {
        change(machine) { machine in
            machine.take(past)
            return nil
        }
    }

    /// Forgets machines that are no more, all but these.
    public func keepOnly(_ names: Set<String>) {
        for name in state.withLock({ $0.machines.keys.filter { !names.contains($0) } }) { forget(name) }
    }

    /// Forgets one.
    public func forget(_ machine: String) {
        let waiting = state.withLock { state in
            state.machines[machine] = nil
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.yield() }
    }

    private func change(_ name: String, _ body: (inout MachineTelemetry) -> TelemetryNews?) {
        let (news, waiting) = state.withLock { state in
            let news = body(&state.machines[name, default: MachineTelemetry(name: name)])
            return (news, Array(state.waiting.values))
        }
        if let news, isChosen(name) { listener?(name, news) }
        for continuation in waiting { continuation.yield() }
    }
}
