import Glibc

/// The terminal's echo, off for a while and on again whatever ends the process meanwhile: Ctrl-C at a password prompt
/// would otherwise leave the user's shell without it.
enum HiddenEcho {
    /// Read by the signal handler, which has nothing else to go by; written before the handler is in place.
    nonisolated(unsafe) private static var saved = termios()

    /// Runs `body` with the echo off; as it is where standard input is no terminal.
    static func during<Value>(_ body: () throws -> Value) rethrows -> Value {
        guard tcgetattr(STDIN_FILENO, &saved) == 0 else { return try body() }
        var earlier: [(Int32, sigaction)] = []
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            var before = sigaction()
            sigaction(number, nil, &before)
            // What is ignored (SIGHUP under nohup) stays so.
            guard unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == 0 else { continue }
            var action = sigaction()
            action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
            action.__sigaction_handler.sa_handler = { number in
                // Both are async-signal-safe. The signal comes again once this returns, and then does what it always does.
                tcsetattr(STDIN_FILENO, TCSANOW, &HiddenEcho.saved)
                raise(number)
            }
            sigaction(number, &action, nil)
            earlier.append((number, before))
        }
        var silent = saved
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved)
            for (number, before) in earlier {
                var before = before
                sigaction(number, &before, nil)
            }
            Terminal.raw("\n")
        }
        return try body()
    }
}
