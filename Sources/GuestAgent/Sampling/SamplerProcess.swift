import CSampling
import Contract
import Glibc
import Guest
import SystemPackage

/// One nvidia-smi, which prints until it is ended. It has a session of its own, and is killed when this process ends,
/// however that ends.
final class SamplerProcess {
    /// What a read gave.
    enum Output {
        case bytes([UInt8])
        case nothingYet
        case end
    }

    let id: pid_t
    /// What it prints, both streams; -1 once that has ended.
    private(set) var output: CInt

    private var buffer: [UInt8]

    /// Starts it.
    init(_ path: String, _ arguments: [String]) throws(Errno) {
        var ends: [CInt] = [-1, -1]
        guard pipe_open(&ends) == 0 else { throw Errno(rawValue: errno) }
        // Only our end: nvidia-smi itself waits where we are slow.
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        let environment = Command.baseEnvironment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + environment { free(word) } }
        let child = child_start(path, words, environment, ends[1])
        let error = Errno(rawValue: errno)
        close(ends[1])
        guard child > 0 else {
            close(ends[0])
            throw error
        }
        id = child
        output = ends[0]
        buffer = [UInt8](repeating: 0, count: 64 << 10)
    }

    deinit {
        if output >= 0 { close(output) }
    }

    func read() -> Output {
        guard output >= 0 else { return .end }
        let count = Glibc.read(output, &buffer, buffer.count)
        if count > 0 { return .bytes(Array(buffer[..<count])) }
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return .nothingYet }
        close(output)
        output = -1
        return .end
    }

    /// Sends a signal to all of its session's first group.
    func signal(_ number: CInt) {
        _ = kill(-id, number)
    }

    /// How it ended, in words; nil while it lives. What it left behind in its group is killed.
    func reap() -> String? {
        var info = siginfo_t()
        guard waitid(P_PID, id_t(id), &info, WEXITED | WNOHANG | WNOWAIT) == 0, info.si_signo != 0 else { return nil }
        // Before its number can be another's.
        signal(SIGKILL)
        var status: CInt = 0
        guard waitpid(id, &status, WNOHANG) == id else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? "exit status \(status >> 8 & 0xff)" : "signal \(signal)"
    }
}
