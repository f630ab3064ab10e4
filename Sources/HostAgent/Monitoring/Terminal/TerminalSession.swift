import Contract
import Dispatch
import Glibc

/// A terminal that was taken over: raw keys, the other screen, no cursor. Whichever way the process ends, but for SIGKILL, it
/// is as it was: what restores it is set up before anything is changed, and lies in memory that a signal's handler may read.
final class TerminalSession: Sendable {
    /// Where keys come from and where frames go.
    let input: Int32
    let output: Int32

    init(input: Int32, output: Int32) {
        self.input = input
        self.output = output
    }

    /// Takes the terminal over.
    func enter() throws(Failure) {
        var settings = termios()
        guard tcgetattr(input, &settings) == 0, isatty(output) == 1 else {
            throw Failure(
                .optionInvalid, operation: "show the terminal view",
                message: "Standard input and output are no terminal.",
                remedy: "Run it in a terminal, or ask for one snapshot with --once.", side: .host)
        }
        RestoredTerminal.prepare(settings, input: input, output: output)
        resume()
    }

    /// Once more, after it was given back.
    func resume() {
        RestoredTerminal.isTaken.pointee = 1
        var raw = RestoredTerminal.settings.pointee
        cfmakeraw(&raw)
        // Later than what is being written: TCSADRAIN.
        tcsetattr(input, TCSADRAIN, &raw)
        write(Array("\u{1b}[?1049h\u{1b}[?25l".utf8))
    }

    /// Gives it back. Again does nothing.
    func leave() { RestoredTerminal.restore() }

    /// Stops the process as Ctrl-Z does, and comes back once it is continued.
    func suspend() {
        leave()
        // Not kill(): raise returns after the stop, and at once where there is no job control.
        signal(SIGTSTP, SIG_DFL)
        // Dispatch's threads block every signal: on one of them it would wait for ever.
        var mask = sigset_t()
        var former = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGTSTP)
        pthread_sigmask(SIG_UNBLOCK, &mask, &former)
        raise(SIGTSTP)
        pthread_sigmask(SIG_SETMASK, &former, nil)
        signal(SIGTSTP, SIG_IGN)
        resume()
    }

    var size: TerminalSize {
        var size = winsize()
        guard ioctl(output, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return TerminalSize(columns: 80, rows: 24)
        }
        return TerminalSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// All of it, unless the terminal is gone.
    func write(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
                if poll(&waiting, 1, 1000) < 0, errno != EINTR { return }
            } else if errno != EINTR {
                return
            }
        }
    }
}

/// What the last way out needs. Plain memory that is never freed, since a crash's handler may allocate nothing and take no lock.
enum RestoredTerminal {
    static nonisolated(unsafe) let settings = UnsafeMutablePointer<termios>.allocate(capacity: 1)
    static nonisolated(unsafe) let isTaken = UnsafeMutablePointer<sig_atomic_t>.allocate(capacity: 1)
    private static nonisolated(unsafe) let descriptors = UnsafeMutablePointer<Int32>.allocate(capacity: 2)
    private static nonisolated(unsafe) let sequence = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)
    private static nonisolated(unsafe) let sequenceLength = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    private static nonisolated(unsafe) let former = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
    private static let crashes = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE]

    /// Once, before the terminal is changed.
    static func prepare(_ given: termios, input: Int32, output: Int32) {
        settings.initialize(to: given)
        isTaken.initialize(to: 0)
        descriptors.initialize(to: input)
        (descriptors + 1).initialize(to: output)
        // An update that was begun is ended; looks, cursor and screen as they were.
        let bytes = Array("\u{1b}[?2026l\u{1b}[0m\u{1b}[?25h\u{1b}[?1049l".utf8)
        for (place, byte) in bytes.enumerated() { (sequence + place).initialize(to: byte) }
        sequenceLength.initialize(to: bytes.count)
        _ = installed
    }

    /// Also from a signal's handler: write and tcsetattr are safe there.
    static func restore() {
        guard isTaken.pointee != 0 else { return }
        isTaken.pointee = 0
        _ = Glibc.write(descriptors[1], sequence, sequenceLength.pointee)
        tcsetattr(descriptors[0], TCSADRAIN, settings)
    }

    private static let installed: Void = {
        atexit { RestoredTerminal.restore() }
        for number in crashes {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                RestoredTerminal.restore()
                // Whoever came before us (Swift's backtracer, or nobody) has it next: the fault happens again at once.
                sigaction(number, RestoredTerminal.former + Int(number), nil)
                raise(number)
            }
            action.sa_flags = Int32(bitPattern: UInt32(SA_ONSTACK))
            sigaction(number, &action, former + Int(number))
        }
    }()
}
