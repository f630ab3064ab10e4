import Contract
import Glibc
import Provisioner
import Synchronization

/// Progress on stderr: plain lines in a pipe, one live line under them on a terminal.
final class ProgressRenderer: Sendable {
    private struct State {
        var live = ""
        var transferred: (name: String, tenth: Int)?
    }

    private let quiet: Bool
    private let state = Mutex(State())
    private let began = ContinuousClock.now

    init(quiet: Bool) {
        self.quiet = quiet
    }

    func show(_ progress: Progress) {
        guard !quiet else { return }
        switch progress {
        case .phase(let text): line("== \(text)")
        case .note(let text): line("   \(text)")
        case .warning(let text): line("   warning: \(text)")
        case .transfer(let name, let done, let total): transfer(name, done, total)
        case .guest(let record):
            guard let words = ProgressWords(record.event) else { return }
            words.stays ? line("   \(words.text)") : live("   \(words.text)")
        }
    }

    /// Clears the live line.
    func finish() {
        state.withLock { state in
            if !state.live.isEmpty { Terminal.raw("\r\u{1b}[K") }
            state.live = ""
        }
    }

    /// On a terminal as it goes; a pipe gets a line for each tenth of a large file.
    private func transfer(_ name: String, _ done: Int64, _ total: Int64) {
        let percent = total > 0 ? done * 100 / total : 100
        let text = "   \(Printable.line(name)): \(done >> 20) of \(total >> 20) MiB (\(percent) %)"
        if Terminal.isLive { return live(text) }
        guard total >= 16 << 20 else { return }
        let tenth = Int(percent / 10)
        let isNew = state.withLock { state in
            defer { state.transferred = (name, tenth) }
            return state.transferred.map { $0.name != name || $0.tenth != tenth } ?? true
        }
        if isNew { line(text) }
    }

    private func line(_ text: String) {
        let time = (ContinuousClock.now - began).components.seconds
        let stamp = "\(time / 60):\(time % 60 < 10 ? "0" : "")\(time % 60)"
        let prefix = String(repeating: " ", count: max(0, 5 - stamp.count)) + stamp + " "
        state.withLock { state in
            let clear = state.live.isEmpty ? "" : "\r\u{1b}[K"
            state.live = ""
            Terminal.raw(
                clear
                    + Wrapped.lines(prefix + Printable.line(text), indent: "           ", width: Terminal.width).joined(
                        separator: "\n")
                    + "\n")
        }
    }

    private func live(_ text: String) {
        guard Terminal.isLive else { return }
        state.withLock { state in
            state.live = "      " + String(Printable.line(text).prefix(Terminal.width - 8))
            Terminal.raw("\r\u{1b}[K\(state.live)")
        }
    }
}
