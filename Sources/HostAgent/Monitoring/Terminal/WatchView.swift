public import Contract
import Dispatch
import Glibc

/// `telemetry --watch`: machines and their GPUs in a terminal, until the user has seen enough.
public enum WatchView {
    private enum Input: Sendable {
        case snapshot(TelemetrySnapshot)
        case bytes([UInt8])
        case escapeAlone
        case resized
        case continued
        case ended
        case tick
        case draw
    }

    /// Shows the snapshots as they come, and gives the terminal back when this returns.
    ///
    /// It returns when the user quits, when the task is cancelled, or at SIGINT, SIGTERM or SIGHUP, which it takes for itself meanwhile.
    /// The end of `updates` is not its end: the last snapshot ages on the screen.
    ///
    /// - Parameters:
    ///   - input: the terminal's descriptor for keys; standard input.
    ///   - output: the terminal's descriptor for frames; standard output.
    ///   - clock: seconds since 1970, as the snapshots have them.
    /// - Throws: a failure where there is no terminal, or one that cannot move its cursor (TERM=dumb).
    public static func run(
        updates: AsyncStream<TelemetrySnapshot>, capabilities: TerminalCapabilities, input: Int32 = 0,
        output: Int32 = 1, clock: @escaping @Sendable () -> Double = WatchView.now
    ) async throws(Failure) {
        guard capabilities.canMove else {
            throw Failure(
                .optionInvalid, operation: "show the terminal view",
                message: "The terminal cannot move its cursor (TERM=dumb).",
                remedy: "Set TERM to what the terminal is, or ask for one snapshot with --once.", side: .host)
        }
        let session = TerminalSession(input: input, output: output)
        try session.enter()
        defer { session.leave() }

        let (inputs, feed) = AsyncStream<Input>.makeStream()
        let sources = watch(session, feed)
        let listener = Task {
            for await snapshot in updates { feed.yield(.snapshot(snapshot)) }
        }
        defer {
            signal(SIGTSTP, SIG_DFL)
            listener.cancel()
            sources.forEach { $0.cancel() }
        }

        var model = WatchModel(capabilities: capabilities)
        let writer = FrameWriter(colours: capabilities.colours)
        var decoder = KeyDecoder()
        var shown: Canvas?
        var isDrawComing = false
        // Whoever continues us after a suspension of our own sends a SIGCONT as well: the terminal is ours again by then.
        var wasSuspended = false
        func draw() {
            let frame = model.frame(size: session.size)
            let bytes = writer.bytes(from: shown, to: frame)
            if !bytes.isEmpty { session.write(bytes) }
            shown = frame
        }
        /// Whether to go on.
        func press(_ keys: [Key]) -> Bool {
            for key in keys {
                switch model.press(key, size: session.size) {
                case .quit?: return false
                case .suspend?:
                    session.suspend()
                    wasSuspended = true
                    shown = nil
                case .redraw?: shown = nil
                case nil: break
                }
            }
            draw()
            return true
        }

        draw()
        await withTaskCancellationHandler {
            for await event in inputs {
                switch event {
                case .snapshot(let snapshot):
                    model.receive(snapshot)
                    // Many machines speak at once: one frame for all that comes within a moment.
                    if !isDrawComing {
                        isDrawComing = true
                        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(50)) { feed.yield(.draw) }
                    }
                case .draw:
                    isDrawComing = false
                    draw()
                case .tick:
                    model.tick(now: clock())
                    draw()
                case .bytes(let bytes):
                    guard press(decoder.push(bytes)) else { return }
                    if decoder.isPending {
                        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(60)) {
                            feed.yield(.escapeAlone)
                        }
                    }
                case .escapeAlone:
                    guard press(decoder.flush()) else { return }
                case .resized: draw()
                case .continued:
                    // Stopped by somebody else's SIGSTOP: the shell has had the terminal since.
                    if !wasSuspended { session.resume() }
                    wasSuspended = false
                    shown = nil
                    draw()
                case .ended: return
                }
            }
        } onCancel: {
            feed.yield(.ended)
        }
    }

    /// Seconds since 1970.
    public static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Local time less UTC, in seconds, at this moment.
    public static func secondsFromUTC() -> Int {
        var seconds = time(nil)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return parts.tm_gmtoff
    }

    /// Keys, signals and a beat each second, as events.
    private static func watch(
        _ session: TerminalSession, _ feed: AsyncStream<Input>.Continuation
    ) -> [any DispatchSourceProtocol] {
        let queue = DispatchQueue(label: "watch")
        var sources: [any DispatchSourceProtocol] = []
        let keys = DispatchSource.makeReadSource(fileDescriptor: session.input, queue: queue)
        keys.setEventHandler {
            var bytes = [UInt8](repeating: 0, count: 1024)
            let count = read(session.input, &bytes, bytes.count)
            if count > 0 {
                feed.yield(.bytes(Array(bytes.prefix(count))))
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                // The terminal is gone.
                keys.cancel()
                feed.yield(.ended)
            }
        }
        sources.append(keys)
        for (number, event) in [
            (SIGWINCH, Input.resized), (SIGCONT, .continued), (SIGINT, .ended), (SIGTERM, .ended), (SIGHUP, .ended),
        ] {
            // What a source watches must not have its own effect as well.
            if number != SIGCONT, number != SIGWINCH { signal(number, SIG_IGN) }
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { feed.yield(event) }
            // Later signals end the process again as they did before.
            source.setCancelHandler { if number != SIGCONT, number != SIGWINCH { signal(number, SIG_DFL) } }
            sources.append(source)
        }
        // A SIGTSTP of somebody else's would stop us with the terminal taken: Ctrl-Z comes as a key.
        signal(SIGTSTP, SIG_IGN)
        let beat = DispatchSource.makeTimerSource(queue: queue)
        beat.schedule(deadline: .now() + 1, repeating: 1, leeway: .milliseconds(100))
        beat.setEventHandler { feed.yield(.tick) }
        sources.append(beat)
        for source in sources { source.activate() }
        return sources
    }
}
