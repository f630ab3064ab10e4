import Contract
import Glibc
package import Guest
import GPUReadings
import SystemPackage
package import Telemetry

/// Reads nvidia-smi and the kernel's log, and tells a host: the effects around ``SamplerMachine`` and ``Outbox``. One
/// thread, which waits for whatever happens next; without a driver it wakes every two seconds to look for one.
package final class Sampler {
    /// How it is to go about it.
    package struct Options: Sendable {
        /// Seconds between samples.
        package var interval: Double
        /// End after the first sample, or once there is known to be none.
        package var once: Bool
        /// Silence of nvidia-smi that is no hang, in seconds, however short the interval.
        package var leastPatience: Double

        package init(interval: Double = 1, once: Bool = false, leastPatience: Double = 10) {
            self.interval = interval
            self.once = once
            self.leastPatience = leastPatience
        }
    }

    /// The intervals that nvidia-smi can be asked for, in seconds.
    package static let intervals = 0.1...3600.0

    private let options: Options
    private let root: SystemRoot
    private let outlet: any Outlet
    private let wakeup: Wakeup
    private var machine: SamplerMachine
    private var outbox = Outbox()
    private var log: KernelLog?

    private var process: SamplerProcess?
    private var stream = SMIQueryStream()
    /// The last of what it printed, for the words of one that fails.
    private var lastOutput: [UInt8] = []
    /// Since the last document.
    private var bytesSinceDocument = 0

    private var sequence: UInt64 = 0
    private var lastSampleAt: Double?
    private var heartbeatAt = 0.0
    /// What is fresh at each connection and goes first.
    private var (owesHello, owesStatus) = (false, false)
    private var line: ArraySlice<UInt8> = []
    private var lineSequence: UInt64?
    private let hello: TelemetryHello

    /// A document of eight GPUs has half a MiB at most; this much without one is no nvidia-smi's.
    private static let floodBytes = 8 << 20

    /// A sampler of the machine `root` that writes to `outlet` until `wakeup` asks it to stop.
    package init(_ root: SystemRoot, to outlet: any Outlet, _ options: Options, wakeup: Wakeup) {
        self.options = options
        self.root = root
        self.outlet = outlet
        self.wakeup = wakeup
        let now = Clocks.monotonic
        machine = SamplerMachine(interval: options.interval, leastPatience: options.leastPatience, now: now)
        log = options.once ? nil : KernelLog(root.real("/dev/kmsg"), now: now)
        hello = TelemetryHello(
            agent: ContractVersion.tool, sampler: String(UInt64.random(in: .min ... .max), radix: 16),
            bootID: root.attribute("/proc/sys/kernel/random/boot_id") ?? "",
            hostname: root.attribute("/proc/sys/kernel/hostname") ?? "", intervalSeconds: options.interval)
    }

    /// How it is.
    package var status: SamplerStatus {
        // Milliseconds: a line is not made longer by digits that nobody reads.
        func rounded(_ seconds: Double) -> Double { (max(0, seconds) * 1000).rounded() / 1000 }
        var status = machine.status(at: Clocks.monotonic)
        status.forSeconds = rounded(status.forSeconds)
        status.sampleAgeSeconds = lastSampleAt.map { rounded(Clocks.boot - $0) }
        status.dropped = outbox.dropped
        return status
    }

    /// Works until it is asked to stop, nobody is left to tell, or, where one sample was asked for, that is written or
    /// cannot be had. Returns whether a sample was made.
    package func run() -> Bool {
        while !machine.isOver {
            let now = Clocks.monotonic
            if wakeup.stopRequested || outlet.isClosed || isDone { perform(machine.handle(.stop, at: now)) }
            if machine.isOver { break }
            perform(machine.handle(.time, at: now))
            tell(now)
            wait(now)
            let later = Clocks.monotonic
            readProcess(later)
            reap(later)
            readLog(later)
        }
        // One that hangs in the kernel goes with its session; nothing is left to wait for.
        return sequence > 0
    }

    /// Whether the one sample that was asked for is written, or known not to come.
    private var isDone: Bool {
        guard options.once else { return false }
        if sequence > 0 { return line.isEmpty && outbox.first == nil }
        return machine.state != .starting && machine.state != .sampling
    }

    // MARK: - nvidia-smi

    private func perform(_ actions: [SamplerMachine.Action]) {
        for action in actions {
            let now = Clocks.monotonic
            switch action {
            case .look: perform(machine.handle(.looked(look()), at: now))
            case .start:
                do {
                    try start()
                } catch {
                    perform(machine.handle(.notStarted("\(error)"), at: now))
                }
            case .terminate: process?.signal(SIGTERM)
            case .kill: process?.signal(SIGKILL)
            }
        }
    }

    private func look() -> SamplerMachine.Surroundings {
        let gpus = "/proc/driver/nvidia/gpus"
        return SamplerMachine.Surroundings(
            hasTool: root.program("nvidia-smi") != nil, hasDriver: root.exists("/proc/driver/nvidia/version"),
            gpus: root.isDirectory(gpus) ? root.list(gpus).count : nil)
    }

    private func start() throws(Errno) {
        guard let program = root.program("nvidia-smi") else { throw .noSuchFileOrDirectory }
        let isWhole = options.interval == options.interval.rounded()
        let loop =
            isWhole ? ["-l", "\(Int(options.interval))"] : ["-lms", "\(Int((options.interval * 1000).rounded()))"]
        process = try SamplerProcess(root.real(program), ["-q", "-x"] + loop)
        stream = SMIQueryStream()
        lastOutput = []
        bytesSinceDocument = 0
    }

    private func readProcess(_ now: Double) {
        // A few reads and not all: what floods must not keep the sampler from everything else.
        for _ in 0..<16 {
            guard let process, case .bytes(let bytes) = process.read() else { return }
            bytesSinceDocument += bytes.count
            lastOutput = Array((lastOutput + bytes.suffix(2048)).suffix(2048))
            for result in stream.feed(bytes) { take(result, now) }
            if bytesSinceDocument > Self.floodBytes {
                bytesSinceDocument = 0
                perform(machine.handle(.flooded, at: now))
            }
        }
    }

    private func take(_ result: Result<SMIQueryReading, ReadingError>, _ now: Double) {
        switch result {
        case .success(let reading):
            bytesSinceDocument = 0
            // What comes from one that was told to end is not waited for, and is as good.
            if !reading.gpus.isEmpty { keep(TelemetrySample(reading)) }
            perform(machine.handle(.document(gpus: reading.gpus.count), at: now))
        case .failure(let error):
            perform(machine.handle(.nonsense(Printable.line(error.description, limit: 120)), at: now))
        }
    }

    private func reap(_ now: Double) {
        guard let process, process.output < 0 || machine.isEnding, let how = process.reap() else { return }
        // The rest of what it printed: it may say why it ended.
        readProcess(now)
        self.process = nil
        perform(machine.handle(.ended(how: how, SamplerWords(lastOutput: lastOutput)), at: now))
    }

    // MARK: - Messages

    private func keep(_ sample: TelemetrySample) {
        if options.once && sequence > 0 { return }
        lastSampleAt = Clocks.boot
        var message = TelemetryMessage(body: .sample(sample))
        message.restrain()
        keep(message, isEvent: false)
    }

    private func keep(_ message: TelemetryMessage, isEvent: Bool) {
        var message = message
        sequence += 1
        message.sequence = sequence
        guard let line = Self.line(of: message) else { return outbox.countDropped() }
        outbox.append(Outbox.Entry(sequence: sequence, time: Clocks.boot, line: line), isEvent: isEvent)
    }

    /// The message as a line of a length that a host takes; programs are what is left out of one that is longer.
    private static func line(of message: TelemetryMessage) -> [UInt8]? {
        var message = message
        // An age goes in front when it is sent.
        let limit = TelemetryLimits.line - 64
        for processes in [TelemetryLimits.processes, 8, 0] {
            if case .sample(var sample) = message.body {
                for index in sample.gpus.indices {
                    sample.gpus[index].processes = Array(sample.gpus[index].processes.prefix(processes))
                }
                message.body = .sample(sample)
            }
            if let line = try? TelemetryLine.encode(message), line.count <= limit { return line }
        }
        return nil
    }

    private func readLog(_ now: Double) {
        guard let log, log.descriptor >= 0 else { return }
        let (events, suppressed) = log.read(now: now)
        for event in events { keep(TelemetryMessage(body: .xid(event)), isEvent: true) }
        for _ in 0..<suppressed { outbox.countDropped() }
    }

    // MARK: - The host

    /// Writes what can be written now.
    private func tell(_ now: Double) {
        if outlet.look(now: now) { greet() }
        if machine.hasNews {
            machine.hasNews = false
            owesStatus = true
        }
        if now >= heartbeatAt {
            heartbeatAt = now + TelemetryLimits.heartbeatSeconds
            // The hello again as well: a host that came back in a moment when nobody looked has heard none.
            (owesHello, owesStatus) = (true, true)
        }
        if options.once { (owesHello, owesStatus) = (false, false) }
        while outlet.isConnected {
            if line.isEmpty { nextLine() }
            guard !line.isEmpty else { return }
            let count = outlet.write(line)
            guard count > 0 else { break }
            line = line.dropFirst(count)
            if line.isEmpty, let sent = lineSequence { outbox.remove(sent) }
        }
        if !outlet.isConnected { forgetLine() }
    }

    /// A host that is new begins with a whole line.
    private func greet() {
        forgetLine()
        (owesHello, owesStatus) = (true, true)
    }

    private func forgetLine() {
        line = []
        lineSequence = nil
    }

    private func nextLine() {
        lineSequence = nil
        var bytes: [UInt8]
        if owesHello {
            owesHello = false
            bytes = (try? TelemetryLine.encode(TelemetryMessage(body: .hello(hello)))) ?? []
        } else if owesStatus {
            owesStatus = false
            bytes = (try? TelemetryLine.encode(TelemetryMessage(body: .status(status)))) ?? []
        } else if let entry = outbox.first {
            bytes = TelemetryLine.aged(entry.line, by: Clocks.boot - entry.time)
            lineSequence = entry.sequence
        } else {
            return
        }
        bytes.append(UInt8(ascii: "\n"))
        line = bytes[...]
    }

    // MARK: - Waiting

    private func wait(_ now: Double) {
        var entries = [pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0)]
        // Asked already: it stays readable.
        if wakeup.stopRequested { entries = [] }
        if let process, process.output >= 0 {
            entries.append(pollfd(fd: process.output, events: Int16(POLLIN), revents: 0))
        }
        if let log, log.descriptor >= 0 {
            entries.append(pollfd(fd: log.descriptor, events: Int16(POLLIN), revents: 0))
        }
        if let interest = outlet.interest(hasMore: !line.isEmpty) { entries.append(interest) }
        var until = heartbeatAt
        if let wakeAt = machine.wakeAt { until = min(until, wakeAt) }
        if let retryAt = outlet.retryAt { until = min(until, retryAt) }
        // There is no descriptor that tells the end of a process before Linux 5.3; where it is near, it is asked for.
        if let process, process.output < 0 || machine.isEnding { until = min(until, now + 0.1) }
        let milliseconds = max(0, min(60_000, (until - now) * 1000)).rounded(.up)
        _ = poll(&entries, nfds_t(entries.count), CInt(milliseconds))
    }
}
