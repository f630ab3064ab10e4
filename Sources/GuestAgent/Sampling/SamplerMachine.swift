package import Telemetry

/// What a sampler does next: a pure function of what happened and when. Times are seconds of one monotonic clock.
package struct SamplerMachine {
    /// What can be seen of driver and tool without running anything.
    package struct Surroundings: Equatable, Sendable {
        /// There is an nvidia-smi.
        package var hasTool: Bool
        /// The kernel has the driver's module loaded.
        package var hasDriver: Bool
        /// GPUs that the module drives; nil where it does not tell.
        package var gpus: Int?

        package init(hasTool: Bool, hasDriver: Bool, gpus: Int?) {
            self.hasTool = hasTool
            self.hasDriver = hasDriver
            self.gpus = gpus
        }
    }

    /// What happened.
    package enum Event: Equatable, Sendable {
        /// Nothing but that time went on.
        case time
        /// The answer to ``Action/look``.
        case looked(Surroundings)
        /// A document of nvidia-smi's could be read.
        case document(gpus: Int)
        /// One could not, and why.
        case nonsense(String)
        /// It prints more than any nvidia-smi.
        case flooded
        /// It ended and is reaped: how, in words, and what it said outside of documents.
        case ended(how: String, SamplerWords)
        /// It could not be started.
        case notStarted(String)
        /// The sampler itself is to end.
        case stop
    }

    /// What is to be done about it.
    package enum Action: Equatable, Sendable {
        /// Look whether tool and driver are there, and tell at once.
        case look
        case start
        /// SIGTERM, SIGKILL to nvidia-smi's session.
        case terminate, kill
    }

    private enum Phase: Equatable {
        /// There is nothing to start it for.
        case idle(lookAt: Double)
        /// It ended too soon; the next one is started later.
        case resting(until: Double, lookAt: Double)
        /// It runs; since when, and when the first and the last document came.
        case running(since: Double, first: Double?, last: Double?)
        /// It was told to end.
        case ending(Ending)
        /// No more is started.
        case over
    }

    private enum Ending: Equatable {
        case asked(killAt: Double)
        case killed(complainAt: Double)
        /// It does not end: the kernel does not let go of it. Nothing is started beside it.
        case stuck
    }

    /// Between two looks for a tool and a driver.
    static let lookSeconds = 2.0
    /// Between SIGTERM and SIGKILL.
    static let graceSeconds = 2.0
    /// A process that was killed and is not gone after this long hangs in the kernel.
    static let reapSeconds = 5.0
    /// The longest rest between two starts.
    static let longestRest = 60.0
    /// Samples for this long make the next rest a short one again.
    static let recoverySeconds = 60.0
    /// Broken documents in a row that are borne.
    static let nonsenseLimit = 3

    private let patience: Double
    private var phase = Phase.idle(lookAt: -.infinity)
    private var isStopping = false
    private var failures = 0
    /// Processes in a row that were killed before their first document.
    private var silent = 0
    private var nonsense = 0
    private var starts = 0
    private var since = 0.0

    /// What it does, as its host is told.
    package private(set) var state = SamplerState.starting
    /// In words, where it does not work.
    package private(set) var detail = ""
    /// Whether ``state`` or ``detail`` is another one than when this was last set to false.
    package var hasNews = true

    /// A sampler that was not asked for anything yet. `interval`: seconds between documents; `leastPatience`: silence that is
    /// no hang, however short the interval.
    package init(interval: Double, leastPatience: Double = 10, now: Double) {
        patience = max(leastPatience, 3 * interval)
        since = now
    }

    /// Goes on.
    package mutating func handle(_ event: Event, at now: Double) -> [Action] {
        switch event {
        case .time: return timePassed(now)
        case .looked(let surroundings): return looked(surroundings, now)
        case .document(let gpus): return document(gpus, now)
        case .nonsense(let problem): return broken(problem, now)
        case .flooded:
            guard case .running = phase else { return [] }
            set(.failing, "nvidia-smi prints without end", now)
            return end(now)
        case .ended(let how, let words): return ended(how, words, now)
        case .notStarted(let problem):
            guard case .running = phase else { return [] }
            set(.failing, "nvidia-smi cannot be started: \(problem)", now)
            return rest(now)
        case .stop:
            isStopping = true
            switch phase {
            case .running: return end(now)
            case .ending, .over: break
            case .idle, .resting: phase = .over
            }
            return []
        }
    }

    /// When ``Event/time`` is due; nil where only something else can happen.
    package var wakeAt: Double? {
        switch phase {
        case .idle(let lookAt): lookAt
        case .resting(let until, let lookAt): min(until, lookAt)
        case .running(let since, _, let last): (last ?? since) + patience(first: last == nil)
        case .ending(.asked(let killAt)): killAt
        case .ending(.killed(let complainAt)): complainAt
        case .ending(.stuck), .over: nil
        }
    }

    /// Whether the sampler that was told to stop has nothing left to wait for.
    package var isOver: Bool { phase == .over || (isStopping && phase == .ending(.stuck)) }

    /// Whether a process is to be reaped soon.
    package var isEnding: Bool { if case .ending = phase { true } else { false } }

    /// How it is, for its host.
    package func status(at now: Double) -> SamplerStatus {
        SamplerStatus(
            state: state, detail: detail, forSeconds: max(0, now - since), restarts: max(0, starts - 1))
    }

    // MARK: - Steps

    private mutating func timePassed(_ now: Double) -> [Action] {
        guard let wakeAt, now >= wakeAt else { return [] }
        switch phase {
        case .idle, .resting: return [.look]
        case .running(_, _, let last):
            if last == nil { silent += 1 }
            set(.hung, "nvidia-smi has said nothing for \(Int(patience(first: last == nil))) s", now)
            return end(now)
        case .ending(.asked):
            phase = .ending(.killed(complainAt: now + Self.reapSeconds))
            return [.kill]
        case .ending(.killed):
            phase = .ending(.stuck)
            set(.hung, "nvidia-smi does not end, not even by SIGKILL: it hangs in the kernel", now)
            return []
        case .ending(.stuck), .over: return []
        }
    }

    private mutating func looked(_ seen: Surroundings, _ now: Double) -> [Action] {
        let until: Double
        switch phase {
        case .idle: until = now
        case .resting(let rest, _): until = rest
        case .running, .ending, .over: return []
        }
        guard let missing = Self.missing(seen) else {
            guard now >= until else {
                phase = .resting(until: until, lookAt: now + Self.lookSeconds)
                return []
            }
            // After a failure its state stays until a sample comes: nobody is helped by a change of words at each try.
            if case .idle = phase { set(.starting, "", now) }
            phase = .running(since: now, first: nil, last: nil)
            nonsense = 0
            starts += 1
            return [.start]
        }
        failures = 0
        set(missing.0, missing.1, now)
        phase = .idle(lookAt: now + Self.lookSeconds)
        return []
    }

    private mutating func document(_ gpus: Int, _ now: Double) -> [Action] {
        guard case .running(let since, let first, _) = phase else { return [] }
        nonsense = 0
        silent = 0
        guard gpus > 0 else {
            set(.noGPU, "nvidia-smi sees no GPU", now)
            return end(now)
        }
        phase = .running(since: since, first: first ?? now, last: now)
        if let first, now - first >= Self.recoverySeconds { failures = 0 }
        set(.sampling, "", now)
        return []
    }

    private mutating func broken(_ problem: String, _ now: Double) -> [Action] {
        guard case .running = phase else { return [] }
        nonsense += 1
        guard nonsense >= Self.nonsenseLimit else { return [] }
        set(.failing, "nvidia-smi prints what cannot be read: \(problem)", now)
        return end(now)
    }

    private mutating func ended(_ how: String, _ words: SamplerWords, _ now: Double) -> [Action] {
        if isStopping {
            phase = .over
            return []
        }
        switch phase {
        case .running:
            set(words.state, words.detail.isEmpty ? "nvidia-smi ended: \(how)" : words.detail, now)
        case .ending: break
        case .idle, .resting, .over: return []
        }
        return rest(now)
    }

    private mutating func end(_ now: Double) -> [Action] {
        phase = .ending(.asked(killAt: now + Self.graceSeconds))
        return [.terminate]
    }

    /// 1, 2, 4 … 60 s. It is looked around at once: the driver may be what went away.
    private mutating func rest(_ now: Double) -> [Action] {
        guard !isStopping else {
            phase = .over
            return []
        }
        let rest = min(Self.longestRest, Double(1 << min(failures, 6)))
        failures += 1
        phase = .resting(until: now + rest, lookAt: now)
        return [.look]
    }

    /// How long it may say nothing. The first document may take long where no persistence daemon holds the GPUs open: after
    /// each process that was killed before it, the next one is given twice the time.
    private func patience(first: Bool) -> Double {
        patience * (first ? Double(1 << min(silent, 3)) : 1)
    }

    private static func missing(_ seen: Surroundings) -> (SamplerState, String)? {
        if !seen.hasTool { return (.noTool, "there is no nvidia-smi") }
        if !seen.hasDriver { return (.noDriver, "the nvidia module is not loaded") }
        return seen.gpus == 0 ? (.noGPU, "the nvidia module drives no GPU") : nil
    }

    private mutating func set(_ state: SamplerState, _ detail: String, _ now: Double) {
        if state != self.state { since = now }
        if state != self.state || detail != self.detail { hasNews = true }
        self.state = state
        self.detail = detail
    }
}
