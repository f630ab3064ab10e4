import Contract
import FoundationEssentials
import Glibc
import SystemPackage

/// The process's three streams. stdout is data, stderr is for people.
enum Terminal {
    /// Whether a person can be asked.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }
    /// Whether stderr shows a live view.
    static var isLive: Bool { isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb" }
    static var hasColour: Bool { isLive && (environment["NO_COLOR"] ?? "").isEmpty }

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }

    static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 80 }
        return Int(size.ws_col)
    }

    /// Lines of stderr's terminal; 24 where nobody knows.
    static var height: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 3 else { return 24 }
        return Int(size.ws_row)
    }

    /// Data, on stdout.
    static func write(_ text: String) {
        _ = try? FileDescriptor.standardOutput.writeAll((text + "\n").utf8)
    }

    static func writeJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        write(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Words, on stderr.
    static func note(_ text: String) {
        raw(text + "\n")
    }

    /// Bytes as they are, on stderr.
    static func raw(_ text: String) {
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }

    static func confirm(_ question: String) -> Bool {
        raw("\(question) [y/N] ")
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }

    /// Asks without echo.
    static func askSecret(_ question: String) throws -> String? {
        raw(question)
        return HiddenEcho.during { readLine() }
    }

    /// Shows failures and ends the process with the first one's status.
    static func exit(showing failures: [Failure], folder: String? = nil, status: Int32? = nil) -> Never {
        for failure in failures { note(FailureRenderer(failure).text) }
        if let folder { note("Logs and everything the tools printed: \(folder)") }
        end(status ?? failures.first?.code.exitStatus ?? 70)
    }

    /// Ends the process at once. Not by exit(), whose handlers take OpenSSL down under a connection's thread that may still
    /// use it (seen: a crash after Ctrl-C); nothing of ours is buffered.
    static func end(_ status: Int32) -> Never {
        _exit(status)
    }
}
